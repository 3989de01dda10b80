#ifndef MILLSTREAM_TESTS_COMMON_RPC_TEST_BLOCKS_H_
#define MILLSTREAM_TESTS_COMMON_RPC_TEST_BLOCKS_H_

#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "common/rpc/block_transport.h"

namespace millstream::rpc {

// Keeps blocks in a map.
class TestBlocks : public BlockSource {
 public:
  absl::StatusOr<exec::Slices> Get(const plan::BlockId& id) override {
    std::lock_guard lock(mutex_);
    const auto found = blocks_.find(id);
    if (found == blocks_.end()) return absl::NotFoundError(plan::ToString(id));
    return found->second;
  }
  absl::Status Put(const plan::BlockId& id, exec::Slices slices) override {
    std::lock_guard lock(mutex_);
    if (put_status_.ok()) blocks_[id] = std::move(slices);
    return put_status_;
  }
  void FailPuts(absl::Status status) {
    std::lock_guard lock(mutex_);
    put_status_ = std::move(status);
  }

 private:
  std::mutex mutex_;  // protects what follows
  std::map<plan::BlockId, exec::Slices> blocks_;
  absl::Status put_status_;
};

inline plan::BlockId Block(uint64_t number) { return {plan::BlockId::Kind::kReceived, 0, number, 0}; }

// What a fetch brought, by block.
struct Fetched {
  absl::Status status;
  std::vector<std::string> texts;
  std::vector<size_t> slices;
  std::vector<absl::Status> errors;
  std::vector<const char*> first_bytes;
  std::vector<int> ends;  // how often `last` was set
};

inline Fetched FetchAll(BlockTransport& transport, ExecutorId peer, const std::vector<plan::BlockId>& ids) {
  Fetched fetched;
  fetched.texts.resize(ids.size());
  fetched.slices.resize(ids.size());
  fetched.errors.resize(ids.size());
  fetched.first_bytes.resize(ids.size());
  fetched.ends.resize(ids.size());
  fetched.status =
      transport.Fetch(peer, ids, [&](size_t block, absl::StatusOr<exec::Bytes> slice, bool last) {
        if (last) ++fetched.ends[block];
        if (!slice.ok()) {
          fetched.errors[block] = slice.status();
          return true;
        }
        if (fetched.slices[block]++ == 0) fetched.first_bytes[block] = slice->view.data();
        fetched.texts[block] += slice->view;
        return true;
      });
  return fetched;
}

}  // namespace millstream::rpc

#endif  // MILLSTREAM_TESTS_COMMON_RPC_TEST_BLOCKS_H_
