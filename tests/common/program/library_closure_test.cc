#include "common/program/library_closure.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>

#include "common/program/elf_reader.h"

namespace millstream::program {
namespace {

namespace fs = std::filesystem;
using testing::IsEmpty;
using testing::Pair;
using testing::UnorderedElementsAre;

// ELF files that need and name what a test says, as far as a loader reads them.
class LibraryClosureTest : public testing::Test {
 protected:
  LibraryClosureTest() {
    std::string path = fs::temp_directory_path() / "millstream-closure-XXXXXX";
    EXPECT_NE(mkdtemp(path.data()), nullptr);
    directory_ = path;
  }
  ~LibraryClosureTest() override { fs::remove_all(directory_); }

  std::string Write(const std::string& name, const std::vector<std::string>& needed, const std::string& rpath,
                    const std::string& runpath) {
    std::string names(1, '\0');
    std::vector<Elf64_Dyn> entries;
    const auto add = [&](Elf64_Sxword tag, const std::string& text) {
      entries.push_back({tag, {names.size()}});
      names += text + '\0';
    };
    for (const std::string& library : needed) add(DT_NEEDED, library);
    if (!rpath.empty()) add(DT_RPATH, rpath);
    if (!runpath.empty()) add(DT_RUNPATH, runpath);
    Elf64_Ehdr header = *ElfReader("/proc/self/exe").Header();
    header.e_phoff = sizeof(header);
    header.e_phnum = 2;
    header.e_shoff = header.e_shnum = 0;
    const uint64_t names_at = sizeof(header) + 2 * sizeof(Elf64_Phdr);
    const uint64_t entries_at = names_at + names.size();
    entries.push_back({DT_STRTAB, {names_at}});
    entries.push_back({DT_STRSZ, {names.size()}});
    entries.push_back({DT_NULL, {0}});
    Elf64_Phdr segments[2] = {};
    segments[0].p_type = PT_LOAD;
    segments[0].p_filesz = entries_at;
    segments[1].p_type = PT_DYNAMIC;
    segments[1].p_offset = entries_at;
    segments[1].p_filesz = entries.size() * sizeof(Elf64_Dyn);
    const fs::path path = directory_ / name;
    fs::create_directories(path.parent_path());
    std::ofstream file(path, std::ios::binary);
    file.write(reinterpret_cast<const char*>(&header), sizeof(header));
    file.write(reinterpret_cast<const char*>(segments), sizeof(segments));
    file << names;
    file.write(reinterpret_cast<const char*>(entries.data()),
               static_cast<std::streamsize>(segments[1].p_filesz));
    return path;
  }

  fs::path directory_;
};

TEST_F(LibraryClosureTest, FindsLibrariesOfLibrariesByRunpathRpathAndLibraryPath) {
  const std::string own = Write("private/libown.so.1", {"libdeep.so", "libc.so.6"}, "", "$ORIGIN/deep");
  const std::string deep = Write("private/deep/libdeep.so", {"libown.so.1"}, "", "");
  const std::string other = Write("other/libother.so", {}, "", "");
  EXPECT_THAT(TravellingLibraries(
                  Write("by_runpath", {"libown.so.1", "libm.so.6"}, "", "/nowhere:${ORIGIN}/private"), ""),
              UnorderedElementsAre(Pair("libown.so.1", own), Pair("libdeep.so", deep)));
  EXPECT_THAT(TravellingLibraries(Write("by_rpath", {"libother.so"}, "$ORIGIN/other", ""), ""),
              UnorderedElementsAre(Pair("libother.so", other)));
  EXPECT_THAT(
      TravellingLibraries(Write("by_path", {"libother.so"}, "", ""), ":" + directory_.string() + "/other"),
      UnorderedElementsAre(Pair("libother.so", other)));
}

TEST_F(LibraryClosureTest, TheLibraryPathComesAfterRpathAndBeforeRunpath) {
  const std::string first = Write("first/libx.so", {}, "", "");
  const std::string second = Write("second/libx.so", {}, "", "");
  const std::string path = (directory_ / "second").string();
  EXPECT_THAT(TravellingLibraries(Write("rpath", {"libx.so"}, "$ORIGIN/first", ""), path),
              UnorderedElementsAre(Pair("libx.so", first)));
  EXPECT_THAT(TravellingLibraries(Write("runpath", {"libx.so"}, "", "$ORIGIN/first"), path),
              UnorderedElementsAre(Pair("libx.so", second)));
}

TEST_F(LibraryClosureTest, ADirectoryMayBeCalledAsATokenIs) {
  const std::string library = Write("$ORIGIN/${ORIGIN}/libx.so", {}, "", "");
  EXPECT_THAT(
      TravellingLibraries(Write("$ORIGIN/program", {"libx.so"}, "", "$ORIGIN/$LIB:$ORIGIN:$ORIGIN/x"), ""),
      IsEmpty());
  EXPECT_THAT(TravellingLibraries(Write("$ORIGIN/${ORIGIN}/program", {"libx.so"}, "", "${ORIGIN}"), ""),
              UnorderedElementsAre(Pair("libx.so", library)));
}

TEST_F(LibraryClosureTest, WhatTheSystemHasOrNobodyHasOrIsNoLibraryStays) {
  std::ofstream(directory_ / "libtext.so") << "not a library";
  EXPECT_THAT(TravellingLibraries(Write("program", {"libz.so.1", "libmissing.so", "libtext.so", "./libx.so"},
                                        "", "/usr/lib/x86_64-linux-gnu:$ORIGIN"),
                                  ""),
              IsEmpty());
  EXPECT_THAT(TravellingLibraries(directory_ / "libtext.so", ""), IsEmpty());
  EXPECT_THAT(TravellingLibraries("/nowhere", ""), IsEmpty());
}

}  // namespace
}  // namespace millstream::program
