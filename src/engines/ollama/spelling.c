/* spelling.c - Ollama's words: the server's variables, and the name behind "ollama run". */
#include "engines/spelling.h"

static const vf_program programs[] = {{"ollama serve", "ollama"},
                                      {"ollama run", "ollama"},
                                      {"ollama-* serve", "ollama"},
                                      {"ollama-* run", "ollama"},
                                      {NULL, NULL}};
static const char *const images[] = {"ollama/ollama", NULL};

static const vf_spelling rows[] = {
    /* "ollama run M": what follows the name is a prompt.  The rest is said by the server's
     * variables (envconfig/config.go of fb30760) and by a Modelfile (deploy/modelfile.c). */
    {"model", "", .form = VF_FORM_MANY},
    {.env = "OLLAMA_LLM_LIBRARY", .effect = VF_EFFECT_UNREAD},
    {"ubatch"},
    {"ngl"},
    {"main-gpu"},
    {"no-mmap"},
    {"draft"},
    {"lora"},
    {"mmproj"},
    {"ctx", NULL, .env = "OLLAMA_CONTEXT_LENGTH"},
    {"seqs", NULL, .env = "OLLAMA_NUM_PARALLEL"},
    {"kv", NULL, .env = "OLLAMA_KV_CACHE_TYPE"},
    {"flash-attn", NULL, .env = "OLLAMA_FLASH_ATTENTION", .value = "0:off false:off *:on",
     .measure = VF_MEASURE_MAP, .silent = true},
    {"used", NULL, .env = "OLLAMA_GPU_OVERHEAD"},
    {.words = "--keepalive --think --format", .effect = VF_EFFECT_NONE},
    {.words = "--verbose --insecure --nowordwrap --hidethinking",
     .form = VF_FORM_BARE,
     .effect = VF_EFFECT_NONE},
};

const vf_dialect vf_dialect_ollama = {
    .name = "Ollama",
    .programs = programs,
    .images = images,
    .rules = VF_DIALECT_EQUALS,
    .rows = rows,
    .n_rows = sizeof rows / sizeof *rows,
};
