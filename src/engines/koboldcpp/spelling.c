/* spelling.c - KoboldCpp's words.
 *
 * Source: koboldcpp.py (argparse).  --contextsize is of its one sequence; --tensor_split takes
 * words, not commas; --quantkv counts its formats. */
#include "engines/spelling.h"

static const vf_program programs[] = {
    {"koboldcpp", "koboldcpp"}, {"koboldcpp*", "koboldcpp"}, {NULL, NULL}};
static const char *const images[] = {"koboldcpp", NULL};

static const vf_spelling rows[] = {
    {"model", "--model -m"},
    {"ctx", "--contextsize"},
    {"ngl", "--gpulayers"},
    {"tensor-split", "--tensor_split", .form = VF_FORM_MANY},
    {"kv", "--quantkv", .value = "0:f16 1:q8_0 2:q4_0", .measure = VF_MEASURE_MAP, .silent = true},
    {"ubatch", "--blasbatchsize"},
    {"flash-attn", "--flashattention", .value = "on", .form = VF_FORM_BARE},
    {"cpu-moe", "--moecpu", .value = "all", .form = VF_FORM_MAYBE},
    {"override-tensor", "--overridetensors"},
    {"mmproj", "--mmproj"},
    {"draft", "--draftmodel"},
    {"lora", "--lora"},
    {"no-mmap", "--nommap", .form = VF_FORM_BARE},
    {"swa-full", "--useswa", .value = "off", .form = VF_FORM_BARE, .silent = true},
    {"no-kv-offload", "--nokvoffload", .form = VF_FORM_BARE},
    /* May move memory, and no parameter stands for it. */
    {.words = "--usecublas --usevulkan --usehipblas --useclblast --usecuda",
     .form = VF_FORM_MANY,
     .effect = VF_EFFECT_UNREAD},
    {.words = "--config --draftgpulayers --draftamount --draftgpusplit --sdmodel --whispermodel "
              "--ttsmodel --embeddingsmodel --ropeconfig --maingpu --gendefaults",
     .effect = VF_EFFECT_UNREAD},
    {.words = "--mmprojcpu --lowvram --usemlock --usecpu",
     .form = VF_FORM_BARE,
     .effect = VF_EFFECT_UNREAD},
    /* Move nothing. */
    {.words = "--threads --blasthreads --port --host --password --chatcompletionsadapter "
              "--preloadstory --multiuser --defaultgenamt --debugmode --onready",
     .effect = VF_EFFECT_NONE},
    {.words = "--quiet --skiplauncher --launch --highpriority --benchmark --noshift "
              "--smartcontext --nofastforward --unpack --nomodel --remotetunnel --jinja "
              "--websearch",
     .form = VF_FORM_BARE,
     .effect = VF_EFFECT_NONE},
};

const vf_dialect vf_dialect_koboldcpp = {
    .name = "KoboldCpp",
    .programs = programs,
    .images = images,
    .rules = VF_DIALECT_PREFIXES | VF_DIALECT_EQUALS,
    .rows = rows,
    .n_rows = sizeof rows / sizeof *rows,
};
