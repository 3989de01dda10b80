#ifndef MILLSTREAM_EXEC_CHUNK_H_
#define MILLSTREAM_EXEC_CHUNK_H_

#include <cstddef>
#include <span>

namespace millstream::exec {

// Some rows of one type, about 1,024 at a time. Borrowed from the stream that produced it: valid, and the
// consumer's alone to move from or compact in place, until the next call of that stream's Next().
struct Chunk {
  void* rows = nullptr;
  size_t count = 0;

  template <class T>
  std::span<T> As() const {
    return {static_cast<T*>(rows), count};
  }
};

// A partition's rows, pulled chunk by chunk by one thread. Operators are chunk streams over chunk streams;
// pulling no further is how one stops early. Whatever an output chunk views stays alive because its producer
// does not pull its own input before it is asked for the next chunk.
class ChunkStream {
 public:
  virtual ~ChunkStream() = default;

  // Gives the next chunk, which may be empty; false at the end. Throws TaskError for a failure of the engine;
  // lets exceptions of user code through.
  virtual bool Next(Chunk& chunk) = 0;
};

}  // namespace millstream::exec

#endif  // MILLSTREAM_EXEC_CHUNK_H_
