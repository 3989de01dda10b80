#ifndef MILLSTREAM_EXEC_KERNEL_H_
#define MILLSTREAM_EXEC_KERNEL_H_

#include <millstream/exec/bytes.h>
#include <millstream/exec/chunk.h>
#include <millstream/exec/memory.h>
#include <millstream/exec/shuffle_writer.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

namespace millstream::exec {

class ReceiverSupervisor;
struct RowType;

// What one task knows while it runs. Made by the executor, one per task, used by that task's thread.
struct TaskEnv {
  int partition = 0;
  int partitions = 1;
  int attempt = 0;  // 0 for the first try
  uint64_t batch_id = 0;
  int64_t batch_time_ms = 0;       // milliseconds since the epoch; 0 outside a batch
  size_t chunk_rows = 1024;        // rows in a chunk at most
  bool poison = false;             // the test kit: consumed text is overwritten, outputs are checked for it
  size_t table_bytes = 64u << 20;  // cap of one aggregation table; from the plan, the same on every attempt
  int output_partitions = 1;       // a shuffle's reducers, for the kernel that writes one
  MemoryBudget* memory = nullptr;
  SpillStorage* spill = nullptr;
  const std::atomic<bool>* cancelled = nullptr;
  // The operation whose code runs now: what an error or a crash is attributed to. Kernels set it after they
  // pulled their input and before they call user code.
  const char* operation = "";
};

// Slices of encoded rows: a block's, a shuffle partition's in map order, a cached partition's.
class SliceStream {
 public:
  virtual ~SliceStream() = default;
  // False at the end. The slice stays valid for as long as its owner is held. Throws TaskError.
  virtual bool Next(Bytes& slice) = 0;
};

// What a kernel is made from; it keeps what it needs.
struct KernelArgs {
  TaskEnv* env = nullptr;      // outlives the kernel
  const char* operation = "";  // outlives the kernel
  int partition = 0;           // of its own RDD, which after Union and Coalesce is not the task's
  int partitions = 1;
  std::string_view state;                            // encoded closure; outlives the kernel
  const RowType* rows = nullptr;                     // its descriptor's
  std::vector<std::unique_ptr<ChunkStream>> inputs;  // rows of the parents, if it reads rows
  std::unique_ptr<SliceStream> slices;               // encoded input, if it reads slices
  SliceSink* sink = nullptr;                         // where it writes, if it writes slices; outlives it
  ReceiverSupervisor* supervisor = nullptr;          // of a receiver; outlives it
};

inline constexpr uint64_t kKernelMagic = 0x6d73'6b65'726e'656c;

// One operator's code for one set of types: constant-initialised, never moved, so that (module, offset) names
// it in every process of one build. A kernel that writes (a shuffle's map side, an encoder) does all its work
// in the first Next(), which returns false.
struct alignas(16) KernelDescriptor {
  uint64_t magic = kKernelMagic;
  std::unique_ptr<ChunkStream> (*make)(KernelArgs args) = nullptr;
  uint64_t input_signature = 0;   // of the rows it reads; 0: any rows, slices, or nothing
  uint64_t output_signature = 0;  // of the rows it yields; 0: none, or its input's
  const char* builtin =
      nullptr;  // "name" of an engine's own kernel, which needs no build id; null: user code
  uint32_t builtin_version = 0;
  const RowType* rows = nullptr;  // for `make` functions that serve rows of all types: the type of these
  // The same kernel for rows of std::string_view. It runs instead where the std::string it reads would be
  // copied out of stored bytes first. Null: there is none.
  const KernelDescriptor* over_views = nullptr;
};

// Names a row type across processes of one build: a hash of its spelled name, never an address.
template <class T>
constexpr uint64_t SignatureOf() {
  uint64_t hash = 0xcbf29ce484222325;
  for (const char* p = __PRETTY_FUNCTION__; *p != '\0'; ++p)
    hash = (hash ^ static_cast<uint8_t>(*p)) * 0x100000001b3;
  return hash;
}

}  // namespace millstream::exec

#endif  // MILLSTREAM_EXEC_KERNEL_H_
