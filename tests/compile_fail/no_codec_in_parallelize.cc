// expect: type T has no Codec: specialise millstream::Codec<T>
#include <millstream/streaming.h>

namespace ms = millstream;

struct Handle {
  int* file = nullptr;
};

auto Handles(ms::Context& sc, const std::vector<Handle>& handles) { return sc.Parallelize(handles); }
