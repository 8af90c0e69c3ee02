/*===- library_file.c - Is a shared library whole? ---------------------------===
 *
 * dlopen maps what a library's headers ask for and clears memory behind it; where the file ends before, the
 * process dies of SIGBUS. So the headers are compared with the size of the file first.
 *
 *===----------------------------------------------------------------------===*/
#include "library_file.h"
#include "error.h"

#include <elf.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Where the headers and the segments end; 0: not a library of this class of machines. */
static uint64_t needed_size(int file, uint64_t size) {
  Elf64_Ehdr header;
  if (pread(file, &header, sizeof header, 0) != (ssize_t)sizeof header)
    return pread(file, &header, SELFMAG, 0) == SELFMAG && !memcmp(header.e_ident, ELFMAG, SELFMAG)
               ? sizeof header
               : 0;
  if (memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 || header.e_ident[EI_CLASS] != ELFCLASS64 ||
      header.e_phentsize != sizeof(Elf64_Phdr))
    return 0;
  uint64_t table = (uint64_t)header.e_phnum * sizeof(Elf64_Phdr), needed = header.e_phoff + table;
  if (header.e_phoff > size || table > size - header.e_phoff)
    return needed < table ? UINT64_MAX : needed;
  for (uint32_t i = 0; i < header.e_phnum; ++i) {
    Elf64_Phdr segment;
    uint64_t offset = header.e_phoff + i * sizeof segment;
    if (pread(file, &segment, sizeof segment, (off_t)offset) != (ssize_t)sizeof segment)
      return UINT64_MAX;
    uint64_t end = segment.p_offset + segment.p_filesz;
    if (end < segment.p_offset)
      return UINT64_MAX;
    if (segment.p_type == PT_LOAD && segment.p_filesz && end > needed)
      needed = end;
  }
  return needed;
}

tgc_status_t tgc_library_file_check(const char *path, tgc_error_t *error) {
  int file = open(path, O_RDONLY | O_CLOEXEC);
  struct stat state;
  if (file < 0)
    return TGC_OK;
  uint64_t size = fstat(file, &state) == 0 && S_ISREG(state.st_mode) ? (uint64_t)state.st_size : UINT64_MAX;
  uint64_t needed = size == UINT64_MAX ? 0 : needed_size(file, size);
  close(file);
  if (needed <= size)
    return TGC_OK;
  return tgc_error_set(error, TGC_INVALID_ARGUMENT,
                       "%s: damaged: the file has %" PRIu64 " bytes, its headers ask for %" PRIu64, path,
                       size, needed);
}
