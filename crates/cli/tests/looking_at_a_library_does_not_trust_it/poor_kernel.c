/* Runs a program under a kernel that refuses some system calls: poor_kernel NAME PROGRAM ARGUMENT... */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static int number(const char *name) {
  if (!strcmp(name, "unshare")) return SYS_unshare;
  if (!strcmp(name, "landlock")) return SYS_landlock_create_ruleset;
  if (!strcmp(name, "seccomp")) return SYS_seccomp;
  return strcmp(name, "limits") ? -1 : SYS_prlimit64;
}

int main(int argc, char **argv) {
  if (argc < 3 || number(argv[1]) < 0) return 64;
  struct sock_filter filter[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)number(argv[1]), 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  struct sock_fprog program = {sizeof filter / sizeof *filter, filter};
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program)) return perror("seccomp"), 70;
  execv(argv[2], argv + 2);
  return perror(argv[2]), 71;
}
