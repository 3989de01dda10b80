#ifndef MILLSTREAM_BATCH_H_
#define MILLSTREAM_BATCH_H_

#include <cstdint>
#include <string>
#include <vector>

namespace millstream {

// One block of what a receiver got for a batch.
struct BatchBlock {
  int stream = 0;  // input streams count from 0
  std::string id;  // "input-0-17"
  uint64_t bytes = 0;
};

// A batch as its functions see it. Its identity is the id; the time is when it was due.
struct Batch {
  uint64_t id = 0;   // dense: 0, 1, 2 ...
  int64_t time = 0;  // milliseconds since the epoch, a multiple of the batch interval
  int attempt = 0;
  std::vector<BatchBlock> blocks;
};

}  // namespace millstream

#endif  // MILLSTREAM_BATCH_H_
