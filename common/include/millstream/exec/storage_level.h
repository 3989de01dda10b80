#ifndef MILLSTREAM_EXEC_STORAGE_LEVEL_H_
#define MILLSTREAM_EXEC_STORAGE_LEVEL_H_

namespace millstream {

// Where a kept RDD or received block lives (Spark's StorageLevel). Rows are always kept encoded, so the Ser
// levels mean the same as those without. A level ending in 2 keeps a second copy on another executor, if
// there is one; that copy goes to disk before it is forgotten.
enum class StorageLevel {
  kNone,
  kDiskOnly,
  kDiskOnly2,
  kMemoryOnly,
  kMemoryOnly2,
  kMemoryOnlySer,
  kMemoryOnlySer2,
  kMemoryAndDisk,
  kMemoryAndDisk2,
  kMemoryAndDiskSer,
  kMemoryAndDiskSer2,
};

constexpr bool UsesMemory(StorageLevel level) {
  return level != StorageLevel::kNone && level != StorageLevel::kDiskOnly &&
         level != StorageLevel::kDiskOnly2;
}

constexpr bool UsesDisk(StorageLevel level) {
  return level == StorageLevel::kDiskOnly || level == StorageLevel::kDiskOnly2 ||
         level >= StorageLevel::kMemoryAndDisk;
}

constexpr int Replicas(StorageLevel level) {
  switch (level) {
    case StorageLevel::kDiskOnly2:
    case StorageLevel::kMemoryOnly2:
    case StorageLevel::kMemoryOnlySer2:
    case StorageLevel::kMemoryAndDisk2:
    case StorageLevel::kMemoryAndDiskSer2:
      return 2;
    case StorageLevel::kNone:
      return 0;
    default:
      return 1;
  }
}

}  // namespace millstream

#endif  // MILLSTREAM_EXEC_STORAGE_LEVEL_H_
