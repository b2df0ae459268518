/* test_manifest.c - lines behind other programs, scripts, structured texts, and what files state.
 */
#include "deploy/manifest.h"
#include "deploy/wrapper.h"
#include "weight_files.h"

static vf_context *ctx;
static vf_arena *arena;

static int make(void **state) {
  (void)state;
  arena = vf_arena_new(&vf_default_allocator, 64 << 20);
  return vf_context_new(&ctx, NULL, NULL) == VF_OK && arena != NULL ? 0 : -1;
}

static int drop(void **state) {
  (void)state;
  vf_context_free(ctx);
  vf_arena_free(arena);
  return 0;
}

/* ---- Lines behind other programs ---- */

/* The first engine of a text, as "engine|its words|A=value|gpus". */
typedef struct first {
  char text[1024];
  const char *variable;
} first;

static const char *exported(void *shell, const char *name) {
  return vf_shell_exported(shell, name);
}

static vf_status take(void *user, const vf_words *command, const vf_shell *shell, vf_error *err) {
  first *f = user;
  static vf_wrapper w;
  if (f->text[0] != '\0') return VF_OK;
  vf_text t = vf_text_on(f->text, sizeof f->text);
  vf_status status = vf_wrapper_read(&w, command->list, command->count, true, exported,
                                     (void *)(uintptr_t)shell, arena, err);
  if (status != VF_OK || w.engine == NULL) return status;
  vf_text_printf(&t, "%s|", w.engine->name);
  for (size_t i = 0; i < w.count; i++)
    vf_text_printf(&t, "%s%s", i > 0 ? " " : "", vf_word_written(w.words[i], arena));
  const char *value = f->variable != NULL ? vf_wrapper_variable(&w, f->variable) : NULL;
  vf_text_printf(&t, "|%s|%s", value != NULL ? value : "", w.gpus != NULL ? w.gpus : "");
  return VF_OK;
}

static const char *starts(const char *text, const char *variable) {
  static first f;
  vf_error err = {VF_OK};
  f = (first){.variable = variable};
  assert_int_equal(vf_shell_read(text, NULL, NULL, arena, take, &f, &err), VF_OK);
  return f.text;
}

static void every_layer_is_taken_off(void **state) {
  static const struct {
    const char *line, *variable, *starts;
  } cases[] = {
      {"vllm serve M -tp 2", NULL, "vllm|M -tp 2||"},
      {"A=b env B=c numactl --interleave=all -N 0 vllm serve M", "A", "vllm|M|b|"},
      {"sudo -E nohup taskset -c 0-7 uv run --with vllm vllm serve M", NULL, "vllm|M||"},
      {"srun -N 1 --gres=gpu:4 torchrun --nproc 4 -m sglang.launch_server --model-path M", NULL,
       "sglang|--model-path M||"},
      {"docker run --rm -it --gpus '\"device=0,1\"' -e HF=1 -p 80:80 vllm/vllm-openai:v0.11 "
       "--model M",
       "HF", "vllm|--model M|1|device=0,1"},
      {"podman run -d --name x --device nvidia.com/gpu=all -v a:b IMG bash -lc 'cd /x; exec vllm "
       "serve M'",
       NULL, "vllm|M||all"},
      {"docker run --entrypoint vllm IMG serve M", NULL, "vllm|M||"},
      {"A=9 docker run -e A -eB=2 vllm/vllm-openai M", "A", "vllm|M|9|"},
      {"A=9 docker run -e A -eB=2 vllm/vllm-openai M", "B", "vllm|M|2|"},
      {"docker run --entrypoint= IMG env X=1 vllm serve M", "X", "vllm|M|1|"},
      {"docker run vllm/vllm-openai serve M", NULL, "vllm|M||"},
      {"docker exec -d -e CUDA_VISIBLE_DEVICES=1 box sh -c 'vllm serve M'", "CUDA_VISIBLE_DEVICES",
       "vllm|M|1|"},
      {"apptainer exec --nv box.sif vllm serve M", NULL, "vllm|M||"},
      {"kubectl run llm --image=vllm/vllm-openai --env=A=2 -- --model M", "A", "vllm|--model M|2|"},
      {"bash -c 'exec \"$@\"' -- vllm serve M", NULL, "vllm|M||"},
      {"sh -c 'vllm serve $0 \"$1\"' x M", NULL, "vllm|$0 M||"},
      {"tmux new-session -d 'vllm serve M'", NULL, "vllm|M||"},
      {"if ! command -v vllm; then exit; fi; time vllm serve M", NULL, "vllm|M||"},
      {"/opt/llama.cpp/build/bin/server -m x.gguf", NULL, "llama-server|-m x.gguf||"},
  };
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
    assert_string_equal(starts(cases[i].line, cases[i].variable), cases[i].starts);
}

static const char *of_the_shell(void *user, const char *name) {
  (void)user;
  return strcmp(name, "MODEL") == 0 ? "m" : NULL;
}

/* What of the words is copied fails first: a variable that is passed on, or what quotes are cut
 * off.
 */
static vf_status read_container(const char *const words[7], vf_arena *memory, vf_error *err) {
  static vf_wrapper w;
  vf_status status = vf_wrapper_read(&w, words, 7, true, of_the_shell, NULL, memory, err);
  if (status != VF_OK) return status;
  assert_string_equal(w.engine->name, "vllm");
  const char *model = vf_wrapper_variable(&w, "MODEL");
  assert_true(model != NULL ? strcmp(model, "m") == 0 : strcmp(w.gpus, "device=0") == 0);
  return VF_OK;
}

static vf_status pass_a_variable(vf_arena *memory, vf_error *err) {
  static const char *const words[] = {"docker",           "run", "-e", "MODEL", "-eA=1",
                                      "vllm/vllm-openai", "m"};
  return read_container(words, memory, err);
}

static vf_status cut_off_quotes(vf_arena *memory, vf_error *err) {
  static const char *const words[] = {"docker",           "run", "--gpus", "\"device=0\"", "--rm",
                                      "vllm/vllm-openai", "m"};
  return read_container(words, memory, err);
}

static void running_out_of_memory_within_a_containers_options_is_told(void **state) {
  (void)state;
  fail_every_allocation(pass_a_variable);
  fail_every_allocation(cut_off_quotes);
}

static void what_is_only_about_an_engine_starts_none(void **state) {
  static const char *const lines[] = {
      "pkill -f llama-server",           "echo vllm serve M",
      "chmod +x build/bin/llama-server", "docker pull vllm/vllm-openai",
      "curl http://x/llama-server",      "docker run postgres:17",
      "systemctl restart llama-server",  "cat <<EOF\nvllm serve M\nEOF\n"};
  (void)state;
  for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
    assert_string_equal(starts(lines[i], NULL), "");
}

static void scripts_are_followed_without_running_them(void **state) {
  static const struct {
    const char *text, *variable, *starts;
  } cases[] = {
      {"M=a; M=b\nvllm serve $M", NULL, "vllm|b||"},
      {"M=${M:-dflt}; vllm serve ${M}", NULL, "vllm|dflt||"},
      {": ${M:=dflt}\nvllm serve $M", NULL, "vllm|dflt||"},
      {"A=(--x 1)\nA+=(--y \"2 3\")\nvllm serve M \"${A[@]}\"", NULL, "vllm|M --x 1 --y 2 3||"},
      {"C=\"--x\"; C+=\" 1\"; vllm serve M $C", NULL, "vllm|M --x 1||"},
      {"export CUDA_VISIBLE_DEVICES=0,1\nvllm serve M", "CUDA_VISIBLE_DEVICES", "vllm|M|0,1|"},
      {"NOT_EXPORTED=1\nvllm serve M", "NOT_EXPORTED", "vllm|M||"},
      {"D=$(dirname \"$0\")\nvllm serve $D/m", NULL, "vllm|$D/m||"},
      {"vllm serve M --port $PORT", NULL, "vllm|M --port $PORT||"},
      {"vllm serve ~/<your model>/x", NULL, "vllm|~/<your model>/x||"},
      {"vllm serve M >>log 2>&1 &", NULL, "vllm|M||"},
      {"A=1\nvllm serve M", "A", "vllm|M||"},
      {"A=1\nexport A\nvllm serve M", "A", "vllm|M|1|"},
      {"vllm serve \"M\\\nN\"", NULL, "vllm|MN||"},
      {"vllm serve ${X:-'a b'}", NULL, "vllm|a b||"},
  };
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
    assert_string_equal(starts(cases[i].text, cases[i].variable), cases[i].starts);
}

/* Whose last line is "vllm serve M $L", if no other is there: the words behind M. */
static const char *value_in(const char *before) {
  static char text[1024], words[1024];
  bool whole = strstr(before, "vllm") != NULL;
  snprintf(text, sizeof text, "%s%s", before, whole ? "\n" : "\nvllm serve M $L\n");
  const char *found = starts(text, NULL);
  const char *words_of = strstr(found, "|M ");
  snprintf(words, sizeof words, "%s", words_of != NULL ? words_of + 3 : "");
  words[strcspn(words, "|")] = '\0';
  return words;
}

static void a_value_is_known_where_its_assignment_surely_ran(void **state) {
  static const struct {
    const char *text, *value;
  } cases[] = {
      {"L=1; L=2", "2"},
      {"L=1 && true", "1"},
      {"L=1 || exit", "1"},
      {"cd x && L=2 && vllm serve M $L", "2"},
      {"if x; then L=2; vllm serve M $L; fi", "2"},
      {"if x\nthen\n  vllm serve M 3\nfi", "3"},
      {"case $1 in a|b) L=2; vllm serve M $L;; esac", "2"},
      {"case $1 in done) A=1;; esac; L=2", "2"},
      {"for m in a b; do L=2; vllm serve M $L; done", "2"},
      {"f() { L=2; vllm serve M $L; }", "2"},
      {"L=1\nf() { A=2; }\nf", "1"},
      {"L=1\nf() { vllm serve M $L; }", "1"},
      {"if x; then A=1; fi; L=2", "2"},
      {"if x; then L=1; fi; L=2", "2"},
      {"L=1; source venv/bin/activate; eval \"$(conda shell.bash hook)\"", "1"},
      {". ./conf; L=1", "1"},
      {"L=1\nwhile read -r A; do B=$A; done < <(ls . x)", "1"},
      {"L=1; if (( L == 2 )); then A=1; fi", "1"},
      {"L=1\nL=2 true", "1"},
      {"L=1; echo \"then L=2\" fi", "1"},
      {"{\n  L=1\n  vllm serve M $L\n} 2>&1 | tee log", "1"},
      {"A=(1\n 2)\nvllm serve M ${A[@]}", "1 2"},
      {"printf x; L=1", "1"},
  };
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
    assert_string_equal(value_in(cases[i].text), cases[i].value);
}

/* What bash would make of it is another value, or depends on what is not here. */
static void a_value_that_may_be_another_is_not_known(void **state) {
  static const char *const cases[] = {
      "L=1; (L=2)",
      "L=1; (\n L=2\n)",
      "L=1; echo | L=2",
      "L=1; L=2 | cat",
      "L=1; L=2 &",
      "L=1; [ \"$S\" ] && L=2",
      "L=1; [ \"$S\" ] &&\n\n L=2",
      "L=1; a || L=2",
      "a && L=1 || vllm serve M $L",
      "if x; then L=1; else L=2; fi",
      "if x\nthen\n  L=1\nelse\n  vllm serve M $L\nfi",
      "case $1 in a) L=1;; *) L=2;; esac",
      "case $1 in\n (a)\n  L=1\n ;;&\n *) vllm serve M $L\nesac",
      "L=1; while x; do L=2; break; done",
      "L=1; for L in 2; do :; done",
      "L=1; for ((L=2; L<3; L++)); do :; done",
      "L=1; for i in 1 2; do vllm serve M $L; L=2; done",
      "for i in 1 2; do vllm serve M ${L:-0}; L=2; done",
      "L=1; for i in 1 2; do L=\"$L x\"; done",
      "L=1; for i in 1 2; do L+=2; vllm serve M $L; done",
      "L=1; { L=2; }",
      "L=1; let L=2",
      "L=1; ((L*=2))",
      "L=1; (( L++ ))",
      "L=1; (( ++L ))",
      "L=1; (( L <<= 2 ))",
      "L=1; echo $((L+=2))",
      "L=1; printf -v L %d 2",
      "L=1; read -r L <x",
      "L=1; mapfile -t L < <(cat x)",
      "L=1; unset L",
      "L=1; getopts a:b L",
      "L=1; . ./conf",
      "L=1; source conf.sh",
      "source conf.sh; vllm serve M ${L:-0}",
      "L=1; eval L=2",
      "L=1; eval \"$(cat conf)\"",
      "L=1; eval $(cat conf)",
      "L=1; L[0]=2",
      "declare -A L=([a]=1 [b]=2)",
      "declare -n R=L; L=1; R=2; declare -n L",
      "declare -i L=1+1",
      "f() { L=2; }; L=1; f",
      "L=1; f() { local L=2; }; f",
      "function f { L=2; }\nL=1\nf",
      "function f() {\n  L=2\n}\nL=1\nf",
      "f() ( L=2 )\nL=1\nf",
      "L=1; f() { vllm serve M $L; }; L=2; f",
      "f() { vllm serve M ${L:-0}; }; L=2; f",
      "f() { L=1; g; vllm serve M $L; }; g() { L=2; }; f",
      "c() { . ./conf; }; L=1; c",
      "L=(1; 2)\nvllm serve M $L )",
      "L=(1 () 2)\nvllm serve M ${L:-$X}",
      "L=1; A=1; if x; then A=2; if y; then L=2; fi; fi",
  };
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    const char *value = value_in(cases[i]);
    if (value[0] != '$') fail_msg("%s: %s", cases[i], value);
  }
}

static void arguments_are_known_until_others_take_their_place(void **state) {
  (void)state;
  assert_string_equal(starts("sh -c 'vllm serve M $1' x 2", NULL), "vllm|M 2||");
  assert_string_equal(starts("sh -c 'shift; vllm serve M \"$@\"' x 1 2", NULL), "vllm|M $@||");
  assert_string_equal(starts("sh -c 'set -- 3; vllm serve M $1' x 2", NULL), "vllm|M $1||");
  assert_string_equal(starts("sh -c 'set -eu; vllm serve M $1' x 2", NULL), "vllm|M 2||");
  assert_string_equal(starts("f() { vllm serve M ${1:-2}; }; f 3", NULL), "vllm|M ${1:-2}||");
}

static void what_is_exported_reaches_the_engine_through_every_shell(void **state) {
  (void)state;
  assert_string_equal(starts("sh -c 'export A=1; vllm serve M'", "A"), "vllm|M|1|");
  assert_string_equal(starts("sh -c 'A=1; vllm serve M'", "A"), "vllm|M||");
  assert_string_equal(starts("A=1 sh -c 'A=2; vllm serve M'", "A"), "vllm|M|2|");
  assert_string_equal(starts("set -a; A=1; vllm serve M", "A"), "vllm|M|1|");
  assert_string_equal(starts("set -o allexport; A=1; vllm serve M", "A"), "vllm|M|1|");
  assert_string_equal(starts("declare -x A=1; vllm serve M", "A"), "vllm|M|1|");
  assert_string_equal(starts("export A=1; if x; then A=2; fi; vllm serve M", "A"), "vllm|M|\1$A|");
  assert_string_equal(starts("f() { vllm serve M; }; export A=2; f", "A"), "vllm|M|\1$A|");
}

static vf_status take_none(void *user, const vf_words *command, const vf_shell *shell,
                           vf_error *err) {
  (void)user;
  (void)command;
  (void)shell;
  (void)err;
  return VF_OK;
}

static void more_than_a_script_has_is_refused(void **state) {
  static char text[64 << 10];
  vf_text t = vf_text_on(text, sizeof text);
  (void)state;
  for (int i = 0; i <= 512; i++) vf_text_printf(&t, "A%d=1\n", i);
  assert_fails(vf_shell_read(text, NULL, NULL, arena, take_none, NULL, err), VF_LIMIT,
               "more variables than any script has");
  t = vf_text_on(text, sizeof text);
  for (int i = 0; i <= 4096; i++) vf_text_put(&t, "w ");
  assert_fails(vf_shell_read(text, NULL, NULL, arena, take_none, NULL, err), VF_LIMIT,
               "more words than any command line has");
  t = vf_text_on(text, sizeof text);
  for (int i = 0; i <= 64; i++) vf_text_put(&t, "if x; then ");
  assert_fails(vf_shell_read(text, NULL, NULL, arena, take_none, NULL, err), VF_LIMIT,
               "branches and loops go too deep");
  t = vf_text_on(text, sizeof text);
  for (int i = 0; i <= 512; i++) vf_text_put(&t, "while x; do y; done\n");
  assert_fails(vf_shell_read(text, NULL, NULL, arena, take_none, NULL, err), VF_LIMIT,
               "more loops and functions than any script has");
  char *long_text = vf_arena_alloc(arena, (1 << 20) + 2, 1);
  memset(long_text, ' ', (1 << 20) + 1);
  assert_fails(vf_shell_read(long_text, NULL, NULL, arena, take_none, NULL, err), VF_LIMIT,
               "a text of more than 1048576 bytes is no command line");
}

/* ---- Structured texts ---- */

static void json_is_a_tree_with_lines(void **state) {
  static const char text[] =
      "{\n  \"a\": [1, {\"b\": \"x\\u0041\"}],\n  \"a2\": null, \"b\": true\n}";
  const vf_node *documents;
  (void)state;
  assert_ok(vf_node_read_json(&documents, text, sizeof text - 1, arena, err));
  const vf_node *root = vf_node_at(documents, 0);
  assert_string_equal(vf_node_text(root, "b"), "true");
  assert_null(vf_node_text(root, "a2"));
  assert_null(vf_node_get(root, "nothing/below"));
  assert_int_equal(vf_node_key(root, "a2")->line, 3);
  assert_int_equal(root->count, 3);
}

static vf_status read_twice(const char *text, bool yaml, const char *key, uint32_t line) {
  const vf_node *documents;
  vf_error err = {.status = VF_OK};
  size_t n = strlen(text);
  vf_status status = yaml ? vf_node_read_yaml(&documents, text, n, arena, &err)
                          : vf_node_read_json(&documents, text, n, arena, &err);
  if (status == VF_UNSUPPORTED && yaml) return status; /* without libyaml */
  assert_int_equal(status, VF_MALFORMED);
  assert_non_null(strstr(err.message, "stands here twice"));
  assert_non_null(strstr(err.message, key));
  assert_int_equal(err.line, line);
  return status;
}

/* Also where there are many keys, and where an escape writes one of them. */
static void keys_that_stand_twice_are_refused(void **state) {
  char many[2048];
  vf_text t = vf_text_on(many, sizeof many);
  (void)state;
  read_twice("{\"a\": 1, \"b\": {\"c\": 2,\n \"c\": 3}}", false, "'c'", 2);
  read_twice("{\"ab\": 1, \"\\u0061b\": 2}", false, "'ab'", 1);
  vf_text_put(&t, "{");
  for (int i = 0; i < 100; i++) vf_text_printf(&t, "\"k%d\": 1,\n", i);
  vf_text_put(&t, "\"k7\": 2}");
  read_twice(many, false, "'k7'", 101);
  read_twice("a:\n  x: 1\n  y: 2\n  x: 3\n", true, "'x'", 4);
  read_twice("{\"b\": 1, \"c\": 2,\n \"c\": 3,\n \"b\": 4}", false, "'c'", 2);
  read_twice("{\"a\": 1, \"z\": 2,\n \"a\": 3,\n \"z\": 4}", false, "'a'", 2);
}

static void yaml_merges_and_aliases_what_came_before(void **state) {
  static const char text[] = "base: &b {x: 1, y: 2}\nlist: [*b, *b]\nuse:\n  <<: *b\n  y: 3\n";
  const vf_node *documents;
  vf_error err = {VF_OK};
  (void)state;
  vf_status status = vf_node_read_yaml(&documents, text, sizeof text - 1, arena, &err);
  if (status == VF_UNSUPPORTED) skip(); /* without libyaml */
  assert_int_equal(status, VF_OK);
  const vf_node *root = vf_node_at(documents, 0);
  assert_string_equal(vf_node_text(root, "use/x"), "1");
  assert_string_equal(vf_node_text(root, "use/y"), "3");
  assert_ptr_equal(vf_node_at(vf_node_get(root, "list"), 0), vf_node_get(root, "base"));
  static const char *const bad[] = {"a: &a [*a]", "a: *b", "[1, 2", "{[1]: 2}", "a: \"\\0\""};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
    assert_true(vf_node_read_yaml(&documents, bad[i], strlen(bad[i]), arena, &err) != VF_OK);
}

/* What a map says itself goes first, then the first of the maps that it merges; a name that stands
 * for two things means the later one. */
static void of_merged_maps_the_first_counts_and_of_anchors_the_last(void **state) {
  static const char text[] = "a: &a {x: 1, y: 1, <<: {w: 1}}\nb: &b {x: 2, y: 2, z: 2}\n"
                             "use: {<<: [*a, *b], x: 3}\na2: &a {x: 4}\nlate: *a\n"
                             "two: {<<: *b, <<: *a}\n---\nb: &b {x: 5}\nuse: *b\n";
  const vf_node *documents;
  vf_error err = {VF_OK};
  (void)state;
  vf_status status = vf_node_read_yaml(&documents, text, sizeof text - 1, arena, &err);
  if (status == VF_UNSUPPORTED) skip(); /* without libyaml */
  assert_int_equal(status, VF_OK);
  const vf_node *root = vf_node_at(documents, 0);
  assert_string_equal(vf_node_text(root, "use/x"), "3");
  assert_string_equal(vf_node_text(root, "use/y"), "1");
  assert_string_equal(vf_node_text(root, "use/z"), "2");
  assert_string_equal(vf_node_text(root, "use/w"), "1");
  assert_string_equal(vf_node_text(root, "late/x"), "4");
  assert_string_equal(vf_node_text(root, "two/x"), "2");
  assert_string_equal(vf_node_text(vf_node_at(documents, 1), "use/x"), "5");
  assert_int_equal(vf_node_get(root, "use")->count, 5); /* "<<" is still there */
}

static vf_status read_merges(vf_arena *memory, vf_error *err) {
  static char text[64 << 10];
  const vf_node *documents;
  vf_text t = vf_text_on(text, sizeof text);
  vf_text_put(&t, "a: &a\n");
  for (int i = 0; i < 1500; i++) vf_text_printf(&t, "  k%d: v\n", i);
  vf_text_put(&t, "b: {<<: *a}\nc: {<<: [*a, *a], k7: own}\n");
  vf_status status = vf_node_read_yaml(&documents, text, t.length, memory, err);
  if (status != VF_OK) return status == VF_UNSUPPORTED ? VF_OK : status;
  const vf_node *c = vf_node_get(vf_node_at(documents, 0), "c");
  assert_int_equal(c->count, 1501);
  assert_string_equal(vf_node_text(c, "k7"), "own");
  return VF_OK;
}

static void running_out_of_memory_while_maps_are_merged_is_told(void **state) {
  (void)state;
  fail_every_allocation(read_merges);
}

static void compose_text_is_interpolated(void **state) {
  static const struct {
    const char *text, *becomes;
  } cases[] = {{"a $$X ${X:-d} ${Y-e}", "a $X d e"},
               {"${X:+set}", ""},
               {"${A:-${B:-c}}", "c"},
               {"$X", "\1$X"},
               {"${X:?must be set}", "\1${X:?must be set}"},
               {"a$(b)", "a$(b)"}};
  (void)state;
  const char *out;
  vf_error err;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    assert_int_equal(vf_text_interpolate(&out, cases[i].text, NULL, NULL, arena, &err), VF_OK);
    assert_string_equal(out, cases[i].becomes);
  }
  assert_int_equal(vf_text_interpolate(&out, "a ${X", NULL, NULL, arena, &err), VF_MALFORMED);
}

/* ---- Files ---- */

typedef struct stated {
  char text[2048];
} stated;

static vf_status note_found(void *user, const vf_found *f, vf_error *err) {
  stated *s = user;
  size_t n = strlen(s->text);
  vf_text t = vf_text_on(s->text + n, sizeof s->text - n);
  const vf_deployment *d = f->command != NULL ? vf_command_so_far(f->command) : NULL;
  (void)err;
  vf_text_printf(&t, "%s:%u %s", f->path, (unsigned)f->line,
                 d != NULL && d->model != NULL ? d->model
                 : f->model != NULL            ? f->model
                                               : "-");
  if (d != NULL && d->request.ctx_tokens != 0)
    vf_text_printf(&t, " ctx %u", (unsigned)d->request.ctx_tokens);
  for (size_t i = 0; i < f->gpus.n_names; i++) vf_text_printf(&t, " %s", f->gpus.names[i]);
  if (f->gpus.count != 0) vf_text_printf(&t, " x%u", (unsigned)f->gpus.count);
  vf_text_put(&t, "\n");
  return VF_OK;
}

static vf_status note_passed(void *user, const char *path, uint32_t line, const char *reason,
                             vf_error *err) {
  stated *s = user;
  size_t n = strlen(s->text);
  vf_text t = vf_text_on(s->text + n, sizeof s->text - n);
  (void)reason;
  (void)err;
  vf_text_printf(&t, "%s:%u passed\n", path, (unsigned)line);
  return VF_OK;
}

static void every_kind_states_its_deployments(void **state) {
  static const struct {
    const char *file, *text, *found;
  } cases[] = {
      {"x.json",
       "{\"vramfit\": 1, \"defaults\": {\"gpu\": \"l4\"}, \"deployments\": {\"a\": {\"model\": "
       "\"m\", \"ctx\": \"4k\"}}}",
       "deployments.a:1 m ctx 4096 l4\n"},
      {"c.json",
       "{\"services\": {\"s\": {\"image\": \"vllm/vllm-openai\", \"command\": [\"--model\", "
       "\"m\"], \"gpus\": \"all\"}}}",
       "services.s:1 m\n"},
      {"k.json",
       "{\"apiVersion\": \"v1\", \"kind\": \"List\", \"items\": [{\"kind\": \"Pod\", \"metadata\": "
       "{\"name\": \"p\"},\n"
       "\"spec\": {\"nodeSelector\": {\"nvidia.com/gpu.product\": \"L4\"}, \"containers\": "
       "[{\"image\": \"vllm/vllm-openai\",\n"
       "\"args\": [\"--model=$(M)\"], \"env\": [{\"name\": \"M\", \"value\": \"m\"}], "
       "\"resources\": {\"limits\": {\"nvidia.com/gpu\": 2}}},\n"
       "{\"image\": \"other\", \"resources\": {\"limits\": {\"nvidia.com/gpu\": 1}}}]}}]}",
       "Pod/p/containers[0]:2 m L4 x2\nPod/p/containers[1]:4 passed\n"},
      {"s.json",
       "{\"models\": {\"a-b\": {\"cmd\": \"llama-server -m ${MODEL_ID}.gguf\\n# no\\n-c 4096\"}}}",
       "models.a-b:1 a-b.gguf ctx 4096\n"},
      {"m.ini",
       "ctx-size = 4096\n[a/b]\nmodel = x.gguf ; here\nmmap = "
       "0\n[c/d-GGUF:Q8_0]\nLLAMA_ARG_CTX_SIZE = 1\n",
       "[a/b]:2 x.gguf ctx 4096\n[c/d-GGUF:Q8_0]:5 c/d-GGUF:Q8_0 ctx 1\n"},
      {"u.service",
       "[Service]\nEnvironment=\"M=x y.gguf\" C=8\nExecStart=-/bin/llama-server \\\n -m ${M} -c "
       "${C}\n",
       "[Service] ExecStart:3 x y.gguf ctx 8\n"},
      {"u.service", "[Service]\nExecStart=/opt/vllm/start.sh\n", "[Service] ExecStart:2 passed\n"},
      {"j.sbatch", "#SBATCH --gres=gpu:h100:4\n\nsrun vllm serve m --max-model-len 8k\n",
       "line 3:3 m ctx 8000 h100 x4\n"},
      {"r.json",
       "{\"resources\": {\"accelerators\": \"L4:2\"}, \"envs\": {\"M\": \"m\"}, \"run\": \"vllm "
       "serve $M\"}",
       "run:1 m L4 x2\n"},
      {"n.json", "{\"name\": \"package\"}", ""},
  };
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    stated s = {""};
    const char *kind;
    const vf_manifest_sink sink = {note_found, note_passed, &s};
    assert_ok(vf_manifest_read_text(&kind, ctx, cases[i].file, cases[i].text, strlen(cases[i].text),
                                    &sink, err));
    assert_string_equal(s.text, cases[i].found);
    assert_true((kind == NULL) == (cases[i].found[0] == '\0'));
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_layer_is_taken_off),
      cmocka_unit_test(running_out_of_memory_within_a_containers_options_is_told),
      cmocka_unit_test(what_is_only_about_an_engine_starts_none),
      cmocka_unit_test(scripts_are_followed_without_running_them),
      cmocka_unit_test(a_value_is_known_where_its_assignment_surely_ran),
      cmocka_unit_test(a_value_that_may_be_another_is_not_known),
      cmocka_unit_test(arguments_are_known_until_others_take_their_place),
      cmocka_unit_test(what_is_exported_reaches_the_engine_through_every_shell),
      cmocka_unit_test(more_than_a_script_has_is_refused),
      cmocka_unit_test(keys_that_stand_twice_are_refused),
      cmocka_unit_test(json_is_a_tree_with_lines),
      cmocka_unit_test(yaml_merges_and_aliases_what_came_before),
      cmocka_unit_test(of_merged_maps_the_first_counts_and_of_anchors_the_last),
      cmocka_unit_test(running_out_of_memory_while_maps_are_merged_is_told),
      cmocka_unit_test(compose_text_is_interpolated),
      cmocka_unit_test(every_kind_states_its_deployments),
  };
  return cmocka_run_group_tests(tests, make, drop);
}
