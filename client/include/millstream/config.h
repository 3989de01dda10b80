#ifndef MILLSTREAM_CONFIG_H_
#define MILLSTREAM_CONFIG_H_

#include <map>
#include <string>
#include <string_view>

namespace millstream {

// What a program sets in code, by key (docs: "Configuration" in README.md). Command line and environment win
// over it, it wins over the properties file. Nothing is checked before a Context is made of it.
class Config {
 public:
  Config& SetMaster(std::string_view master) { return Set("millstream.master", master); }
  // What lists and logs call the application; else they use the executable's base name.
  Config& SetAppName(std::string_view name) { return Set("millstream.app.name", name); }
  Config& Set(std::string_view key, std::string_view value);

  // What holds for `key` after the command line, the environment and the properties file; the default where
  // nobody set it. Empty for an unknown key.
  std::string Get(std::string_view key) const;

  // As set in code.
  const std::map<std::string, std::string>& values() const { return values_; }

 private:
  std::map<std::string, std::string> values_;
};

}  // namespace millstream

#endif  // MILLSTREAM_CONFIG_H_
