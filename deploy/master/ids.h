#ifndef MILLSTREAM_DEPLOY_MASTER_IDS_H_
#define MILLSTREAM_DEPLOY_MASTER_IDS_H_

#include <cstdint>
#include <string>

namespace millstream::deploy {

inline constexpr const char* kDriverPrefix = "driver/";  // of the journal's keys

// "app-20260102030405-0007" for "app", by UTC; ids of one kind sort as they were given.
std::string NewId(const std::string& kind, int64_t now_ms, uint64_t sequence);

}  // namespace millstream::deploy

#endif  // MILLSTREAM_DEPLOY_MASTER_IDS_H_
