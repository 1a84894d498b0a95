/* What no carrier may do, in the call that -DIN_<call> says. */
#include <fcntl.h>
#include <locale.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static volatile unsigned sum;
static void *idle(void *arg) { return pause(), arg; }
static void on_signal(int number) { (void)number; }

/* Of processor time: the machine may be busy with others. */
static void busy(long milliseconds) {
  for (struct timespec a, b = (clock_gettime(CLOCK_THREAD_CPUTIME_ID, &a), a);
       (b.tv_sec - a.tv_sec) * 1000000000L + b.tv_nsec - a.tv_nsec < milliseconds * 1000000L; clock_gettime(CLOCK_THREAD_CPUTIME_ID, &b)) {}
}

static void trouble(void) {
  (void)idle, (void)on_signal, (void)busy;
#ifdef FAULT_file
  sum += open("/dev/null", O_RDONLY);
#endif
#ifdef FAULT_signal
  signal(SIGUSR1, on_signal);
#endif
#ifdef FAULT_segv
  signal(SIGSEGV, on_signal);
#endif
#ifdef FAULT_pipe
  signal(SIGPIPE, SIG_IGN);
#endif
#ifdef FAULT_folder
  sum += chdir("/");
#endif
#ifdef FAULT_environment
  setenv("BROKEN", "1", 1);
#endif
#ifdef FAULT_umask
  umask(0);
#endif
#ifdef FAULT_locale
  setlocale(LC_ALL, "C.UTF-8");
#endif
#ifdef FAULT_prints
  printf("sending\n");
#endif
#ifdef FAULT_prints_error
  fprintf(stderr, "sending\n");
#endif
#ifdef FAULT_connects
  close(socket(AF_INET, SOCK_STREAM, 0));
#endif
#ifdef FAULT_sleeps
  usleep(2000);
#endif
#ifdef FAULT_sleeps_long
  usleep(200000);
#endif
#ifdef FAULT_slow
  busy(15);
#endif
#ifdef FAULT_very_slow
  busy(400);
#endif
#ifdef FAULT_thread
  pthread_t thread;
  pthread_create(&thread, NULL, idle, NULL);
#endif
#ifdef FAULT_leak
  sum += malloc(500) != NULL;
#endif
#if defined(FAULT_reads_once) || defined(FAULT_connects_once)
  static int before;
  if (before++) return;
#endif
#ifdef FAULT_reads_once
  int file = open("/etc/hostname", O_RDONLY);
  if (file >= 0) close(file);
#endif
#ifdef FAULT_connects_once
  close(socket(AF_INET, SOCK_STREAM, 0));
#endif
#ifdef FAULT_exit
  exit(0);
#endif
#ifdef FAULT_exit_101
  exit(101);
#endif
#ifdef FAULT_abort
  abort();
#endif
#ifdef FAULT_null
  int *volatile nothing = NULL;
  sum += (unsigned)*nothing;
#endif
#ifdef FAULT_divides
  volatile int zero = 0, one = 100;
  sum += (unsigned)(one / zero);
#endif
#ifdef FAULT_hangs
  for (;;) sum++;
#endif
}
