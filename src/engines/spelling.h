/* spelling.h - how an engine spells the parameters of a deployment.
 *
 * One table an engine, read in both directions: a launch line becomes a deployment and a deployment
 * a launch line (deploy/command.c, deploy/launch.c).  A row names the parameter as our own option
 * does ("ctx"; all of them stand in deploy/params.def), so that an engine stays below that floor.
 * What an engine takes and no parameter stands for is told apart: words that move no memory are
 * passed over, those that may move some become an assumption that names them. */
#ifndef VF_ENGINES_SPELLING_H
#define VF_ENGINES_SPELLING_H

#include <stdbool.h>
#include <stddef.h>

/* What belongs to a word. */
typedef enum vf_form {
  VF_FORM_VALUE, /* the next word, or what follows '=' */
  VF_FORM_BARE,  /* nothing: the word stands for the row's value */
  VF_FORM_MAYBE, /* a value if one follows that looks like one; else the row's value */
  VF_FORM_MANY,  /* all words up to the next option */
  VF_FORM_JSON,  /* a JSON object, whose members are words of their own behind a dot */
} vf_form;

/* What a value counts. */
typedef enum vf_measure {
  VF_MEASURE_OURS,   /* as our own option takes it */
  VF_MEASURE_SUFFIX, /* k m g t are powers of 1000, K M G T of 1024; decimals */
  VF_MEASURE_TOTAL,  /* tokens of all sequences together, which each get their share of */
  VF_MEASURE_GIB,    /* a number of GiB */
  VF_MEASURE_MIB,    /* of MiB */
  VF_MEASURE_REPO,   /* a repository on the Hub, with ":QUANT" behind it or without */
  VF_MEASURE_FILE,   /* the file of that repository, which another word names */
  VF_MEASURE_MAP,    /* words of its own: value is "THEIRS:ours THEIRS:ours *:ours"; "*:=" of
                        trainers: any other as it is */
  VF_MEASURE_LEAST,  /* a bare word that gives its value where nothing else does */
} vf_measure;

/* What is done with a word that stands for no parameter. */
typedef enum vf_effect {
  VF_EFFECT_READ,   /* it stands for one */
  VF_EFFECT_NONE,   /* it moves no memory */
  VF_EFFECT_UNREAD, /* it may move memory, and is not understood */
  VF_EFFECT_STANDS, /* `value` is the line that it stands for */
} vf_effect;

typedef struct vf_spelling {
  const char *param; /* "ctx"; NULL: none, and `effect` says what of it */
  const char *words; /* "-c --ctx-size", with blanks between; the first is written.  "": a word that
                        is no option's */
  const char *env;   /* the variable that says it, too; NULL: none */
  const char *value; /* what a bare word stands for, in our option's words; NULL: "on" */
  const char
      *left; /* the flag that is on where the value is left to the engine ("auto"); or NULL */
  const char *zero;  /* our word for a 0 that is one: "max"; NULL: it is no value */
  const char *plain; /* of a word that is not read: values that move no memory, with blanks
                        between; "on": the bare word; NULL: none */
  const char *only;  /* the one program of several that takes it; NULL: all */
  vf_form form;
  vf_measure measure;
  vf_effect effect;
  bool strict; /* VF_MEASURE_MAP: words that are not in it are none of the engine's */
  bool silent; /* read, never written: another row says the same */
} vf_spelling;

/* How its parser takes words. */
enum vf_dialect_rule {
  VF_DIALECT_PREFIXES = 1 << 0,    /* an abbreviation is the option, if it can be one only */
  VF_DIALECT_UNDERSCORES = 1 << 1, /* '_' is '-' in words with two dashes */
  VF_DIALECT_EQUALS = 1 << 2,      /* "--name=value" */
  VF_DIALECT_NEGATES = 1 << 3,     /* "--no-x" turns "--x" off */
  VF_DIALECT_DOTS = 1 << 4,        /* "--x.y value" is a member of --x */
};

/* Words that start an engine: {"vllm serve", "vllm"}; a '*' at the end of one is any ending. */
typedef struct vf_program {
  const char *words, *engine;
} vf_program;

typedef struct vf_dialect {
  const char *name;           /* for people: "vLLM" */
  const vf_program *programs; /* up to one without words; an image starts the first */
  const char *const *images;  /* parts of names of images that start it; NULL-terminated */
  bool takes_all_gpus;        /* without a number of ranks; else it takes one */
  unsigned rules;             /* vf_dialect_rule */
  const vf_spelling *rows;
  size_t n_rows;
} vf_dialect;

extern const vf_dialect vf_dialect_llamacpp, vf_dialect_ollama, vf_dialect_koboldcpp;
extern const vf_dialect vf_dialect_vllm, vf_dialect_sglang, vf_dialect_tensorrt_llm;
extern const vf_dialect vf_dialect_tgi, vf_dialect_mlx, vf_dialect_lmdeploy;

#endif
