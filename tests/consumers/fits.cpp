// fits.cpp - a program of somebody else's, in C++: handles in unique_ptr, files from a map.
#include <cstring>
#include <iostream>
#include <map>
#include <memory>
#include <string>

#include <vramfit/deploy.h>
#include <vramfit/files.h>
#include <vramfit/inspect.h>
#include <vramfit/place.h>
#include <vramfit/report.h>
#include <vramfit/solve.h>

namespace {

using files_map = std::map<std::string, std::string>;

vf_status look(void *user, vf_path_kind *out, const char *path, vf_error *) {
  auto &files = *static_cast<files_map *>(user);
  *out = files.count(path) != 0 ? VF_PATH_FILE : VF_PATH_NONE;
  return VF_OK;
}

vf_status open(void *user, void **out_file, uint64_t *out_bytes, const char *path, vf_error *) {
  auto &files = *static_cast<files_map *>(user);
  auto found = files.find(path);
  if (found == files.end()) return VF_IO;
  *out_file = &found->second;
  *out_bytes = found->second.size();
  return VF_OK;
}

vf_status read(void *, void *file, uint64_t at, void *to, size_t size, size_t *out_got,
               vf_error *) {
  auto &text = *static_cast<std::string *>(file);
  *out_got = text.copy(static_cast<char *>(to), size, static_cast<size_t>(at));
  return VF_OK;
}

struct freer {
  void operator()(vf_context *ctx) const { vf_context_free(ctx); }
  void operator()(vf_model *model) const { vf_model_free(model); }
  void operator()(vf_estimate *estimate) const { vf_estimate_free(estimate); }
};

template <typename T> using owned = std::unique_ptr<T, freer>;

int fail(const vf_error &err) {
  char line[700];
  vf_error_line(&err, line, sizeof line);
  std::cerr << line << '\n';
  return 2;
}

} // namespace

int main() {
  files_map map = {{"config.json", R"({"model_type": "llama", "hidden_size": 4096,
    "num_hidden_layers": 32, "num_attention_heads": 32, "num_key_value_heads": 8,
    "intermediate_size": 14336, "vocab_size": 128256, "torch_dtype": "bfloat16"})"}};
  vf_files files = vf_files_init();
  files.user = &map;
  files.look = look;
  files.open = open;
  files.read = read;
  vf_context_options options = vf_context_options_init();
  options.files = &files;
  vf_error err;
  vf_context *ctx = nullptr;
  if (vf_context_new(&ctx, &options, &err) != VF_OK) return fail(err);
  owned<vf_context> own_ctx(ctx);
  vf_model *model = nullptr;
  if (vf_model_open(&model, ctx, "config.json", "q8_0", nullptr, &err) != VF_OK) return fail(err);
  owned<vf_model> own_model(model);
  vf_estimate *estimate = nullptr;
  if (vf_estimate_new(&estimate, ctx, &err) != VF_OK) return fail(err);
  owned<vf_estimate> own_estimate(estimate);
  vf_request request = vf_request_init();
  request.ctx_tokens = 8192;
  vf_device gpu;
  size_t n = 0;
  if (vf_devices_parse(&gpu, 1, &n, ctx, "rtx-4090", &err) != VF_OK) return fail(err);
  if (vf_estimate_run(estimate, model, &request, &gpu, n, &err) != VF_OK) return fail(err);
  std::cout << (vf_estimate_verdict(estimate) == VF_FITS ? "FITS" : "NO-FIT") << " from memory\n";
  return vf_estimate_verdict(estimate) == VF_FITS ? 0 : 1;
}
