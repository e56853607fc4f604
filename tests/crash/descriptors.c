/* Calls on what is open. They go to the kernel directly: nothing to look up, nothing to lock. */
#include <stdint.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

#include "tests/crash/point.h"

#define INTERPOSED __attribute__((visibility("default")))

INTERPOSED ssize_t write(int fd, const void *data, size_t size)
{
	return point_pass_fd("write", fd) ? syscall(SYS_write, fd, data, size) : -1;
}

INTERPOSED ssize_t pwrite(int fd, const void *data, size_t size, off_t offset)
{
	return point_pass_fd("pwrite", fd) ? syscall(SYS_pwrite64, fd, data, size, offset) : -1;
}

INTERPOSED ssize_t pwrite64(int fd, const void *data, size_t size, off64_t offset)
{
	return point_pass_fd("pwrite", fd) ? syscall(SYS_pwrite64, fd, data, size, offset) : -1;
}

INTERPOSED ssize_t writev(int fd, const struct iovec *parts, int count)
{
	return point_pass_fd("writev", fd) ? syscall(SYS_writev, fd, parts, count) : -1;
}

INTERPOSED int fsync(int fd)
{
	return point_pass_fd("fsync", fd) ? (int)syscall(SYS_fsync, fd) : -1;
}

INTERPOSED int fdatasync(int fd)
{
	return point_pass_fd("fdatasync", fd) ? (int)syscall(SYS_fdatasync, fd) : -1;
}

INTERPOSED int ftruncate(int fd, off_t length)
{
	return point_pass_fd("ftruncate", fd) ? (int)syscall(SYS_ftruncate, fd, length) : -1;
}

INTERPOSED int ftruncate64(int fd, off64_t length)
{
	return point_pass_fd("ftruncate", fd) ? (int)syscall(SYS_ftruncate, fd, length) : -1;
}
