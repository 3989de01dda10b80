#include "deploy/master/ids.h"

#include <cstdio>
#include <ctime>

namespace millstream::deploy {

std::string NewId(const std::string& kind, int64_t now_ms, uint64_t sequence) {
  const std::time_t seconds = now_ms / 1000;
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  char text[64];
  std::snprintf(text, sizeof(text), "-%04d%02d%02d%02d%02d%02d-%04llu", utc.tm_year + 1900, utc.tm_mon + 1,
                utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec, static_cast<unsigned long long>(sequence));
  return kind + text;
}

std::string ShortName(const std::string& name) {
  if (name.size() <= kLongestName) return name;
  size_t end = kLongestName;
  while (end > 0 && (static_cast<unsigned char>(name[end]) & 0xc0) == 0x80) --end;  // within a character
  return name.substr(0, end);
}

}  // namespace millstream::deploy
