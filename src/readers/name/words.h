/* words.h - a name as the words that it is made of, and the key that names are found by.
 *
 * "Llama-3.1-8B-Instruct", "llama3.1:8b" and "meta-llama_Llama-3.1-8B" are the words llama, 3.1 and
 * 8b; sorted and joined they are a key.  Two names with one key are one name: nothing is matched by
 * likeness, so that no name can become another model. */
#ifndef VF_READERS_NAME_WORDS_H
#define VF_READERS_NAME_WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { VF_WORDS = 24, VF_WORD_SIZE = 24, VF_KEY_SIZE = 192 };

/* In the order of the name, in lower case. */
typedef struct vf_words {
  size_t n;
  char word[VF_WORDS][VF_WORD_SIZE];
} vf_words;

/* False if there are none, too many, or one is too long. */
bool vf_words_read(vf_words *out, const char *name);

bool vf_words_have(const vf_words *words, const char *word);

/* Takes word i out. */
void vf_words_drop(vf_words *words, size_t i);

/* Takes publishers out: "meta", "mistralai". */
void vf_words_drop_publishers(vf_words *words);

/* Takes out what does not tell the shapes of models apart: "instruct", "it", "hf". */
void vf_words_drop_neutral(vf_words *words);

/* Adds the word that names of Ollama's library have: "deepseek-v2" is another model there. */
void vf_words_mark_tag(vf_words *words);

/* The words once each, sorted, with blanks between them.  False if they do not fit. */
bool vf_words_key(char key[VF_KEY_SIZE], const vf_words *words);

/* A bit for each word of a key: a key whose bits are not all among another's is no part of it. */
uint32_t vf_key_mask(const char *key);

/* How many words a key has, if all of them are among these; else 0. */
size_t vf_key_within(const char *key, const vf_words *words);

/* "8b", "1.5b", "8x7b", "135m", "1t", "e4b": how many parameters; "a3b" is how many of them work.
 */
bool vf_word_is_size(const char *word);
bool vf_word_is_active_size(const char *word);

/* "3.1", "2507". */
bool vf_word_is_number(const char *word);

#endif
