// oracle.cpp - asks llama.cpp itself what it would load and allocate, without allocating it.
//
// Linked against the prebuilt libllama of the npm package node-llama-cpp, with the headers of the sources that the
// package carries (setup.sh).  One question per line of standard input, one JSON line per answer:
//
//   tensors FILE PATTERN                    names and shapes that llama.cpp asks a file with these keys for (with a
//                                           second argument, which changes the loader, and then nothing else):
//                                           a line per tensor, then one for the end
//   load FILE CTX KV UBATCH SEQS FLASH OUTPUTS UNIFIED EMBEDDINGS   weights, cache and compute buffers on the CPU backend
//   graph (the same)                        the operations of the prompt's graph, for people
#include <dlfcn.h>
#include <sys/mman.h>

#include <cstdint>
#include <cstdio>
#include <cstring>
#include <iostream>
#include <map>
#include <regex>
#include <sstream>
#include <string>
#include <vector>

#include "ggml-backend.h"
#include "ggml.h"
#include "gguf.h"
#include "llama.h"

#include "../src/llama-ext.h"
#include "../src/llama-model-loader.h"

static std::string last_error;

static void take_log(ggml_log_level level, const char *text, void *) {
  if (level == GGML_LOG_LEVEL_ERROR && last_error.empty()) last_error = text;
}

static std::string escaped(const std::string &s) {
  std::string out;
  for (char c : s) {
    if (c == '"' || c == '\\') out += '\\';
    if (c == '\n') break;
    out += static_cast<unsigned char>(c) < ' ' ? ' ' : c;
  }
  return out;
}

static void fail(const std::string &file, const std::string &why) {
  printf("{\"file\":\"%s\",\"error\":\"%s\"}\n", escaped(file).c_str(),
         escaped(last_error.empty() ? why : last_error).c_str());
}

static llama_model_params cpu_params() {
  static ggml_backend_dev_t none[] = {nullptr};
  llama_model_params p = llama_model_default_params();
  p.devices = none;
  p.n_gpu_layers = 0;
  p.no_alloc = true;
  p.use_extra_bufts = false;
  p.load_mode = LLAMA_LOAD_MODE_NONE;
  p.load_mtp = false;
  return p;
}

// What a loader asks for, in its own words.  The function that asks the file is replaced by one that notes the question
// and answers with a tensor of that shape; of those that a file need not have, with the wanted ones alone.
static std::regex wanted;
static ggml_context *made;

static ggml_tensor *note_tensor(llama_model_loader *, const llama_hparams &, const void *, const void *,
                                const void *, const void *, const LLM_TN_IMPL &tn,
                                const std::initializer_list<int64_t> &ne, int flags) {
  const std::string name = tn.str();
  if (flags & llama_model_loader::TENSOR_DUPLICATED) return nullptr;
  int64_t n[4] = {1, 1, 1, 1};
  for (size_t i = 0; i < ne.size(); i++) n[i] = ne.begin()[i];
  bool optional = (flags & (llama_model_loader::TENSOR_NOT_REQUIRED | llama_model_loader::TENSOR_SKIP_IF_VIRTUAL)) != 0;
  bool possible = n[0] > 0 && n[1] > 0 && n[2] > 0 && n[3] > 0;
  if (!possible || (optional && !std::regex_search(name, wanted))) return nullptr;
  printf("[\"%s\",%lld,%lld,%lld,%lld,%d]\n", name.c_str(), (long long)n[0], (long long)n[1], (long long)n[2],
         (long long)n[3], optional);
  fflush(stdout);
  ggml_tensor *t = ggml_new_tensor(made, GGML_TYPE_F16, 4, n);
  return (flags & llama_model_loader::TENSOR_SKIP) ? nullptr : ggml_set_name(t, name.c_str());
}

// Writes a jump at the start of the loader's function: the library calls it directly.
static bool replace_loader() {
  void *at = dlsym(RTLD_DEFAULT,
                   "_ZN18llama_model_loader13create_tensorERK13llama_hparamsPKSt6vectorISt4pairIP19ggml_backend_device"
                   "P24ggml_backend_buffer_typeESaIS9_EESD_SD_SD_RK11LLM_TN_IMPLRKSt16initializer_listIlEi");
  if (at == nullptr) return false;
  uintptr_t page = reinterpret_cast<uintptr_t>(at) & ~uintptr_t(4095);
  if (mprotect(reinterpret_cast<void *>(page), 8192, PROT_READ | PROT_WRITE | PROT_EXEC) != 0) return false;
  unsigned char jump[12] = {0x48, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xe0};
  void *to = reinterpret_cast<void *>(&note_tensor);
  memcpy(jump + 2, &to, sizeof to);
  memcpy(at, jump, sizeof jump);
  return true;
}

static void print_tensors(const std::string &file, const std::string &pattern) {
  wanted = std::regex(pattern);
  ggml_init_params room = {size_t(1) << 26, nullptr, true};
  made = ggml_init(room);
  llama_model *model = llama_model_load_from_file(file.c_str(), cpu_params());
  printf("{\"file\":\"%s\",\"end\":\"%s\"}\n", escaped(file).c_str(), escaped(last_error).c_str());
  if (model != nullptr) llama_model_free(model);
  ggml_free(made);
}

struct question {
  std::string file, kv = "f16", flash = "on";
  uint32_t ctx = 8192, ubatch = 512, seqs = 1, outputs = 1, unified = 0, embeddings = 0;
};

static ggml_type type_of(const std::string &name) {
  for (int i = 0; i < GGML_TYPE_COUNT; i++) {
    const char *known = ggml_type_name(static_cast<ggml_type>(i));
    if (known != nullptr && name == known) return static_cast<ggml_type>(i);
  }
  return GGML_TYPE_F16;
}

static llama_context *open_context(llama_model *model, const question &q) {
  llama_context_params p = llama_context_default_params();
  p.n_ctx = q.ctx;
  p.n_batch = 2048;
  p.n_ubatch = q.ubatch;
  p.n_seq_max = q.seqs;
  p.n_outputs_max = q.outputs;
  p.flash_attn_type = q.flash == "on" ? LLAMA_FLASH_ATTN_TYPE_ENABLED : LLAMA_FLASH_ATTN_TYPE_DISABLED;
  p.type_k = p.type_v = type_of(q.kv);
  p.kv_unified = q.unified != 0;
  p.embeddings = q.embeddings != 0;
  p.swa_full = false;
  return llama_init_from_model(model, p);
}

static void print_shape(const ggml_tensor *t) {
  printf("%s[%lld,%lld,%lld,%lld]", ggml_type_name(t->type), (long long)t->ne[0],
         (long long)t->ne[1], (long long)t->ne[2], (long long)t->ne[3]);
}

static void print_graph(llama_context *ctx, const question &q) {
  ggml_cgraph *graph = llama_graph_reserve(ctx, std::min(q.ctx, q.ubatch), q.seqs, q.outputs);
  std::map<const ggml_tensor *, int> number;
  int n = graph == nullptr ? 0 : ggml_graph_n_nodes(graph);
  for (int i = 0; i < n; i++) {
    const ggml_tensor *t = ggml_graph_node(graph, i);
    number[t] = i;
    printf("%4d %-14s ", i, ggml_op_desc(t));
    print_shape(t);
    if (t->view_src != nullptr) printf(" view");
    printf(" \"%s\" <-", t->name);
    for (int s = 0; s < GGML_MAX_SRC; s++) {
      if (t->src[s] == nullptr) continue;
      auto at = number.find(t->src[s]);
      if (at != number.end())
        printf(" %d", at->second);
      else
        printf(" %s", t->src[s]->name[0] != 0 ? t->src[s]->name : "?");
    }
    printf("\n");
  }
}

static void ask(const question &q, bool graph) {
  llama_model *model = llama_model_load_from_file(q.file.c_str(), cpu_params());
  if (model == nullptr) return fail(q.file, "not loaded");
  llama_context *ctx = open_context(model, q);
  if (ctx == nullptr) {
    fail(q.file, "no context");
  } else if (graph) {
    print_graph(ctx, q);
  } else {
    llama_memory_breakdown_data all = {};
    for (const auto &part : llama_get_memory_breakdown(ctx)) {
      all.model += part.second.model;
      all.context += part.second.context;
      all.compute += part.second.compute;
    }
    printf("{\"file\":\"%s\",\"ctx\":%u,\"kv\":\"%s\",\"ubatch\":%u,\"seqs\":%u,\"flash\":\"%s\",\"outputs\":%u,"
           "\"unified\":%u,\"embeddings\":%u,\"weights_bytes\":%zu,\"cache_bytes\":%zu,\"compute_bytes\":%zu}\n",
           escaped(q.file).c_str(), q.ctx, q.kv.c_str(), q.ubatch, q.seqs, q.flash.c_str(), q.outputs,
           q.unified, q.embeddings, all.model, all.context, all.compute);
  }
  if (ctx != nullptr) llama_free(ctx);
  llama_model_free(model);
}

int main(int argc, char **argv) {
  llama_log_set(take_log, nullptr);
  if (argc > 1) ggml_backend_load_all_from_path(argv[1]);
  if (argc > 2 && !replace_loader()) return 1;
  std::string line;
  while (std::getline(std::cin, line)) {
    std::istringstream words(line);
    std::string what;
    question q;
    words >> what >> q.file >> q.ctx >> q.kv >> q.ubatch >> q.seqs >> q.flash >> q.outputs >>
        q.unified >> q.embeddings;
    last_error.clear();
    if (argc > 2)
      print_tensors(q.file, line.substr(line.find(' ', line.find(' ') + 1) + 1));
    else
      ask(q, what == "graph");
    fflush(stdout);
  }
  return 0;
}
