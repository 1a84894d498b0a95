/* A carrier that keeps the contract, and whose constructor tries what a library that is only being looked at must not be
 * able to do. Whatever it was able to do, it names, and aborts. */
#define _GNU_SOURCE
#include SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;
static char done[4096];

static void was(const char *what, int happened) {
  if (happened) strncat(done, what, sizeof done - strlen(done) - 2), strcat(done, " ");
}

static int opens(const char *path, int flags) {
  int file = open(path, flags, 0600);
  char byte;
  /* The environment of a process that has none is empty, and reads as the end. */
  int happened = file >= 0 && ((flags & O_ACCMODE) != O_RDONLY || read(file, &byte, 1) >= 0);
  if (file >= 0) close(file);
  return happened;
}

static int of_parent(const char *name) {
  char path[64];
  snprintf(path, sizeof path, "/proc/%d/%s", getppid(), name);
  return opens(path, O_RDONLY);
}

static int forks(void) {
  pid_t child = fork();
  if (!child) _exit(0);
  return child > 0;
}

static int clones(unsigned long flags) {
  long child = syscall(SYS_clone, flags | SIGCHLD, 0, 0, 0, 0);
  if (!child) _exit(0);
  return child > 0;
}

static int connects(const char *path) {
  struct sockaddr_un to = {.sun_family = AF_UNIX};
  int s = socket(AF_UNIX, SOCK_STREAM, 0);
  strcpy(to.sun_path, path);
  return s >= 0 && (connect(s, (struct sockaddr *)&to, sizeof to) == 0 || errno != ENOENT);
}

static int reads_memory_of(pid_t pid) {
  char byte;
  struct iovec here = {&byte, 1}, there = {(void *)done, 1};
  return process_vm_readv(pid, &here, 1, &there, 1, 0) >= 0 || errno == EFAULT;
}

static int descriptors(void) {
  int count = 0;
  struct stat theirs, about;
  if (stat(PRIVATE, &theirs)) return 1;
  for (int fd = 0; fd < 64; fd++)
    count += !fstat(fd, &about) && (S_ISSOCK(about.st_mode) || (about.st_ino == theirs.st_ino && about.st_dev == theirs.st_dev));
  return count;
}

static void every_attempt(void) {
  pid_t parent = getppid();
  was("read /etc/passwd", opens("/etc/passwd", O_RDONLY));
  was("read /etc/shadow", opens("/etc/shadow", O_RDONLY));
  was("read a private file", opens(PRIVATE, O_RDONLY));
  was("listed /", open("/", O_RDONLY | O_DIRECTORY) >= 0);
  was("wrote a file", opens(MARK, O_WRONLY | O_CREAT));
  was("appended to a file", opens(PRIVATE, O_WRONLY | O_APPEND));
  was("removed a file", unlink(PRIVATE) == 0 || mkdir(MARK, 0700) == 0 || rename(PRIVATE, MARK) == 0);
  was("changed a mode", chmod(PRIVATE, 0777) == 0 || truncate(PRIVATE, 0) == 0 || symlink("/", MARK) == 0);
  was("read the parent's environment", of_parent("environ"));
  was("read the parent's memory", of_parent("mem") || reads_memory_of(parent));
  was("read the parent's descriptors", of_parent("fd/0") || of_parent("maps"));
  was("had an environment", environ && *environ);
  was("had a descriptor of somebody else", descriptors());
  was("opened a socket", socket(AF_INET, SOCK_STREAM, 0) >= 0 || socket(AF_INET6, SOCK_DGRAM, 0) >= 0);
  was("opened a netlink socket", socket(AF_NETLINK, SOCK_RAW, 0) >= 0);
  was("connected", connects("/var/run/docker.sock") || connects("/run/systemd/private"));
  was("forked", forks() || clones(0) || clones(CLONE_VM | CLONE_VFORK) || clones(CLONE_NEWPID));
  was("ran a shell", system("true") == 0);
  was("stopped its parent", kill(parent, SIGSTOP) == 0 || syscall(SYS_tkill, parent, SIGSTOP) == 0);
  was("signalled its parent", kill(parent, 0) == 0 || syscall(SYS_tgkill, parent, parent, 0) == 0);
  was("signalled its group", kill(0, 0) == 0 || kill(-1, 0) == 0);
  was("has a handle of its parent", syscall(SYS_pidfd_open, parent, 0) >= 0);
  was("queued a signal", sigqueue(parent, 0, (union sigval){0}) == 0);
  was("attached to its parent", ptrace(PTRACE_ATTACH, parent, 0, 0) == 0 || ptrace(PTRACE_SEIZE, parent, 0, 0) == 0);
  was("limited its parent", prlimit(parent, RLIMIT_CPU, &(struct rlimit){0, 0}, NULL) == 0);
  was("slowed its parent", setpriority(PRIO_PROCESS, parent, 19) == 0);
  was("moved its parent", sched_setaffinity(parent, sizeof(cpu_set_t), &(cpu_set_t){{1}}) == 0);
  was("left its group", setsid() >= 0 || setpgid(0, 0) == 0);
  was("outlives its parent", prctl(PR_SET_PDEATHSIG, 0, 0, 0, 0) == 0);
  was("is dumpable", prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) == 0 || prctl(PR_SET_PTRACER, -1, 0, 0, 0) == 0);
  was("lifted a limit", setrlimit(RLIMIT_FSIZE, &(struct rlimit){RLIM_INFINITY, RLIM_INFINITY}) == 0);
  was("has more than 2 GiB", mmap(NULL, 3UL << 30, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0) != MAP_FAILED);
  was("left its namespaces", unshare(CLONE_NEWNS) == 0 || unshare(CLONE_NEWUSER) == 0);
  was("became somebody", setuid(1) == 0 || setgid(1) == 0);
  was("talked to a terminal", opens("/dev/tty", O_RDWR) || syscall(SYS_ioctl, 0, 0x5412, "x") == 0);
  was("has other ways in", syscall(SYS_io_uring_setup, 1, NULL) >= 0 || errno == EFAULT);
  was("has a keyring", syscall(SYS_keyctl, 0, -3, 0, 0, 0) >= 0);
}

__attribute__((constructor)) static void look_around(void) {
#ifdef ABORTS
  abort();
#endif
#ifdef FORGED
  /* A verdict in the kit's name, with so many blanks after what it says. */
  for (int fd = 3; fd < 10; fd++) dprintf(fd, "{\"verdict\":{\"held\":\"%s%*s\"}}\n", FORGED, BLANKS, "");
  _exit(0);
#endif
#ifdef HARMLESS
  return;
#endif
#ifdef SPINS
  for (;;) every_attempt();
#endif
#ifdef STOPS
  kill(getppid(), SIGSTOP), ptrace(PTRACE_ATTACH, getppid(), 0, 0), raise(SIGSTOP);
  for (;;) pause();
#endif
#ifdef MULTIPLIES
  pthread_t thread;
  int made = 0;
  while (made < 5000 && !pthread_create(&thread, NULL, idle, NULL)) made++;
  fprintf(stderr, "made %s\n", made < 100 ? "few threads" : "many threads"), abort();
#endif
#ifdef FLOODS
  static char full[65536];
  for (;;)
    for (int fd = 1; fd < 10; fd++) signal(SIGXFSZ, SIG_IGN), write(fd, full, sizeof full) < 0 ? sum++ : 0;
#endif
  every_attempt();
#ifdef SHOWS_ITSELF
  was("ran", 1);
#endif
  if (*done) fprintf(stderr, "it %s\n", done), abort();
}

#if defined(__x86_64__) && !defined(HARMLESS)
/* A resolver runs before any constructor, while the library is relocated, and can call nothing yet. */
static long call(long number, long a, long b, long c) {
  register long d __asm__("r10") = 0;
  long result;
  __asm__ volatile("syscall" : "=a"(result) : "a"(number), "D"(a), "S"(b), "d"(c), "r"(d) : "rcx", "r11", "memory");
  return result;
}
static int harmless(void) { return 0; }
static int (*resolve(void))(void) {
  long parent = call(SYS_getppid, 0, 0, 0);
  if (call(SYS_kill, parent, SIGSTOP, 0) == 0 || call(SYS_openat, AT_FDCWD, (long)PRIVATE, O_RDONLY) >= 0)
    call(SYS_exit_group, 66, 0, 0);
  return harmless;
}
__attribute__((ifunc("resolve"), visibility("hidden"))) int chosen(void);
__attribute__((constructor)) static void choose(void) { chosen(); }
#endif
