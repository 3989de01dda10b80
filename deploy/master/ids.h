#ifndef MILLSTREAM_DEPLOY_MASTER_IDS_H_
#define MILLSTREAM_DEPLOY_MASTER_IDS_H_

#include <cstddef>
#include <cstdint>
#include <string>

namespace millstream::deploy {

inline constexpr const char* kDriverPrefix = "driver/";  // of the journal's keys
inline constexpr size_t kLongestName = 256;              // in bytes, of what peers call things

// "app-20260102030405-0007" for "app", by UTC; ids of one kind sort as they were given.
std::string NewId(const std::string& kind, int64_t now_ms, uint64_t sequence);

// UTF-8, cut to kLongestName: names are kept and listed, and are to be looked at alone.
std::string ShortName(const std::string& name);

}  // namespace millstream::deploy

#endif  // MILLSTREAM_DEPLOY_MASTER_IDS_H_
