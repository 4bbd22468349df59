"""Playing sounds: the device, the ring between feeder and callback, fades. No Qt."""
