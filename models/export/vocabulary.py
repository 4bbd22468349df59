"""A small tokenizer in RoBERTa's format for untrained models, trained on the words below."""

import json
from itertools import permutations
from typing import Final

from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers

N_TOKENS: Final = 640

SOUNDS: Final = """
air alarm ambience animal applause bass bell bird bottle brass breath bubble buzz camera car cat chain chime
choir clap clarinet click clock cloth coin crackle crash crowd cymbal dog door drip drone drum dust engine
explosion fan feedback fire flute footstep forest frog gate glass gong gravel guitar gun hammer harp heart
helicopter horn horse hum ice impact insect keyboard kick knife laugh leaf machine magic metal microphone
motor mouse music noise organ owl paper piano pipe plane plastic pluck pop pulse rain ride river robot rock
rumble rustle saw scratch scream sea servo shaker ship siren snap snare sonar spark speech spring static steam
step stone storm street string sub swell switch synth table tape thunder tick tool tone train traffic tree
trumpet vacuum vinyl violin voice waterfall wave whale wheel whip whisper whistle whoosh wind window wood zap
zipper
"""
QUALITIES: Final = """
big bright broken clean cold cracked dark deep distant dry dull electric falling fast fat gentle granular
harsh heavy high hollow huge light long loud low lush metallic muffled muted noisy old open quiet reversed
rising rough sharp short slow small soft sudden sweet thick thin tight tiny warm wet wide wooden
"""
RELATIONS: Final = """
a the of with and in on under behind against through long tail inside outside near far not
"""


def tokenizer_text() -> str:
    """Train the tokenizer and return its tokenizer.json."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=N_TOKENS,
        special_tokens=["<s>", "<pad>", "</s>", "<unk>", "<mask>"],
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    tokenizer.train_from_iterator(_phrases(), trainer)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>",
        pair="<s> $A </s> </s> $B </s>",
        special_tokens=[("<s>", 0), ("</s>", 2)],
    )
    tokenizer.enable_truncation(max_length=77)
    return str(tokenizer.to_str(pretty=True))


def n_tokens_of(text: str) -> int:
    """Return the vocabulary size of a tokenizer.json."""
    return len(json.loads(text)["model"]["vocab"])


def _phrases() -> list[str]:
    sounds, qualities = SOUNDS.split(), QUALITIES.split()
    alone = [f"{lead}{word}" for word in (*sounds, *qualities, *RELATIONS.split()) for lead in ("", " ")]
    joined = [f"the sound of a {quality} {sound}" for quality in qualities for sound in sounds[::7]]
    return alone + joined + [f"{first} and {second}" for first, second in permutations(sounds[:12], 2)]
