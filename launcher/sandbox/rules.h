/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The one table of what each thread may ask of the kernel, and why.
 *
 * scripts/sandbox/generate.c turns it into seccomp filters at build time, one
 * for each role. A file that includes this defines RULE, RULE_BITS,
 * REFUSE_BITS and IOCTL.
 *
 *   RULE(call, roles)                       the call with any arguments
 *   RULE_BITS(call, roles, arg, mask, want) only if (argument & mask) == want
 *   REFUSE_BITS(call, roles, arg, mask, want, error)
 *                                           then it fails with @error, and the
 *                                           process goes on
 *   IOCTL(request, roles)                   ioctl() with this request
 *
 * scripts/sandbox/coverage prints the entries that no test needs. Those that
 * are kept are for other versions or states of a library (which often get the
 * time, random numbers and locks without a call), for stock guests (shares,
 * offloads of TAP interfaces), for a KVM that needs a request which this host's
 * does not, or for another form of a call that tests make (reads and writes). A
 * call that neither the launcher nor its libraries make has no entry.
 *
 * A comment "--- NAME:" begins a group. launcher.1, SECURITY, lists the groups
 * that each role has, and the calls of each group; a test compares both.
 *
 * The process filter, LOAD, WIDE or READ, is there before the image is read,
 * and no thread's own filter can allow more than it does. What is not here is
 * stopped: above all to open a file, to make a socket, to start a program, to
 * signal another process, to trace one, and to make memory executable.
 *
 * Spec: seccomp(2); Documentation/userspace-api/seccomp_filter.rst.
 */

/* Roles. */
#define LOAD   0x01  /* all threads, from the first foreign byte to the end */
#define WIDE   0x02  /* the same, with a device that opens files or sockets */
#define MAIN   0x04  /* the main thread while the guest runs */
#define VCPU   0x08  /* a vCPU's thread */
#define WORK   0x10  /* a device's thread, the trace's writer */
#define FILES  0x20  /* the thread of a device that opens files or sockets */
#define READ   0x40  /* a command that reads images and runs no guest */
#define TTY    0x80  /* the process that restores the terminal */
#define NET    0x100 /* the process that is the network of --net user */
#define SUITE  0x200 /* `test`: this whole table, for its launchers, and more */
#define READER 0x400 /* the process that reads the kernel and modules of exec */

#define PROCESS (LOAD | WIDE)
#define GUEST	(PROCESS | MAIN | VCPU | WORK | FILES) /* all of a run */
#define EVERY	(GUEST | READ | READER)
#define ALL	(EVERY | NET)
#define SERVING (PROCESS | MAIN | WORK | FILES)
#define CONTROL (PROCESS | MAIN)

/* --- memory: and locks and time, for libc and every thread */
RULE(futex, ALL)
RULE(madvise, ALL)
RULE_BITS(mmap, ALL, 2, PROT_EXEC, 0)
RULE_BITS(mprotect, ALL, 2, PROT_EXEC, 0)
RULE(mremap, ALL)
/* For a debugger, guest memory may be mapped twice; see guest_mem.h. */
RULE(memfd_create, PROCESS)
RULE(munmap, ALL)
RULE(brk, ALL)
/* qsort() of libc before 2.39 asks how much memory there is. */
RULE(sysinfo, CONTROL | READ)
/* Names of temporary files, KASLR, virtio-rng. */
RULE(getrandom, SERVING | READ)
/* Where the vDSO does not have the time; the clock of the guest's RTC. */
RULE(clock_gettime, ALL)
RULE(gettimeofday, NET)
RULE(time, PROCESS | VCPU)
/* Waits of a millisecond; libc before 2.31 makes the first. */
RULE(nanosleep, GUEST | READ)
RULE(clock_nanosleep, GUEST | READ)
/* exit() waits for a stream that another thread uses. */
RULE(sched_yield, CONTROL | READ)
/* An input file was cut short: another thread ends the process. */
RULE(pause, PROCESS)
/* The kernel makes it itself, after SIGSTOP or under a debugger. */
RULE(restart_syscall, ALL)

/* --- streams: descriptors that are open; eventfds wake other threads */
RULE(read, ALL | TTY)
RULE(write, ALL)
RULE(close, ALL)

/* --- end: of a thread, and of the process */
RULE(exit, EVERY)
RULE(exit_group, ALL | TTY)
/* A signal makes a vCPU leave the guest; the network's helper opens its own
 * resolv.conf in a handler. */
RULE(rt_sigreturn, GUEST | READ | NET)
RULE(rt_sigprocmask, ALL)
RULE(rt_sigaction, ALL)	      /* abort() */
RULE(setitimer, GUEST | READ) /* the end after a violation is bounded */
RULE(gettid, ALL)	      /* raise(), abort() */
RULE(getpid, ALL)
/* Wakes a vCPU out of the guest. Only to this process. */
RULE_BITS(tgkill, ALL, 0, UINT32_MAX, OWN_PID)
/* libc, and our names of threads, when a thread begins. */
RULE(set_robust_list, SERVING | READ | READER)
RULE(rseq, SERVING | READ | READER)
RULE_BITS(prctl, SERVING | READ | READER, 0, UINT32_MAX, PR_SET_NAME)
/* Names of mappings in newer C libraries. */
RULE_BITS(prctl, ALL, 0, UINT32_MAX, PR_SET_VMA)

/* --- threads: a new process is not one (no CLONE_THREAD) */
RULE_BITS(clone, SERVING | READ | READER, 0, CLONE_THREAD, CLONE_THREAD)
RULE(sched_getaffinity, SERVING | READ | READER) /* how many decode */
/* A thread's own filter, which can only forbid. */
RULE(seccomp, SERVING)

/* --- events: loops and what wakes them */
RULE(epoll_create1, PROCESS)
RULE(epoll_ctl, SERVING)
RULE(epoll_wait, SERVING)
RULE(poll, ALL)
RULE(eventfd2, SERVING) /* stands for a file that epoll does not take */
RULE(timerfd_create, PROCESS)
RULE(timerfd_settime, SERVING)
RULE(signalfd4, PROCESS)

/* --- files: that are open */
/* Ports, sockets, captures; libc's last words. */
RULE(readv, PROCESS | WORK | FILES)
RULE(writev, SERVING | READ)
RULE(pread64, CONTROL | READ) /* initrds */
/* Disks and shares, not all forms by both. */
RULE(preadv, PROCESS | WORK | FILES)
RULE(pwritev, PROCESS | WORK)
RULE(preadv2, PROCESS | WORK)
RULE(pwritev2, WIDE | FILES)
/* Holes of a core, streams of libc, shares. */
RULE(lseek, SERVING | READ | NET | READER)
RULE(ftruncate, CONTROL | FILES)
/* libc's fstat() is the one or the other, by its version. */
RULE(fstat, SERVING | READ | NET | READER)
RULE(newfstatat, SERVING | READ)
RULE(statx, WIDE | FILES)
RULE(fstatfs, WIDE | FILES)
/* libslirp's sockets; fdopen() of what the debugger's peer is looked up in. */
RULE_BITS(fcntl, SERVING | NET | READER, 1, UINT32_MAX, F_GETFL)
RULE_BITS(fcntl, NET, 1, UINT32_MAX, F_SETFL)
/* A second descriptor, so that errors of close() are seen. */
RULE_BITS(fcntl, SERVING | READ | NET, 1, UINT32_MAX, F_DUPFD_CLOEXEC)
RULE(fallocate, PROCESS | WORK | FILES)
RULE(fsync, WIDE | FILES)
RULE(fdatasync, PROCESS | WORK | FILES)
RULE(copy_file_range, WIDE | FILES)
RULE(mincore, CONTROL) /* how much memory the guest has used */

/* --- names: results get theirs; Landlock says in which folders */
RULE(linkat, CONTROL | READ)
RULE(renameat, CONTROL | READ)
RULE(unlinkat, CONTROL | READ)
RULE(unlink, CONTROL) /* the debugger's socket */

/* --- sockets: that are open, the debugger's or a device's; TAP interfaces */
RULE(accept4, CONTROL | FILES)
RULE(shutdown, SERVING | NET)
RULE(sendto, SERVING | NET)
RULE(recvfrom, SERVING | NET)
RULE(sendmsg, SERVING | NET)
RULE(recvmsg, SERVING | NET)
/* Whose the other end of the debugger's connection is; libslirp. */
RULE(setsockopt, CONTROL | NET)
RULE(getsockopt, CONTROL | NET)
RULE(getsockname, CONTROL | NET)
RULE(getpeername, CONTROL | NET)
/* A driver of a TAP interface begins, and accepts other offloads. */
IOCTL(TUNSETOFFLOAD, PROCESS | WORK | FILES)

/* --- processes: the terminal's guard and the network's helper. The one is told
 * and awaited, the other killed through its descriptor. */
RULE(wait4, SERVING)
RULE_BITS(pidfd_send_signal, CONTROL, 1, UINT32_MAX, SIGKILL)
RULE(geteuid, CONTROL) /* the debugger's peer must be the same user */
RULE(getpgrp, CONTROL) /* whether we are in the foreground */

/* --- terminal: its settings and its size */
IOCTL(TCGETS, CONTROL | READ | TTY) /* tcsetattr(3) asks first */
IOCTL(TCSETS, CONTROL | TTY)
IOCTL(TCGETS2, CONTROL | READ | TTY) /* the same, from glibc 2.42 on */
IOCTL(TCSETS2, CONTROL | TTY)
IOCTL(TCFLSH, CONTROL)
IOCTL(TIOCGWINSZ, CONTROL)
IOCTL(TIOCGPGRP, CONTROL)

/* --- kvm: the machine is made by the process, run by vCPUs */
IOCTL(KVM_RUN, PROCESS | VCPU)
/* A guest that was stopped goes on. */
IOCTL(KVM_KVMCLOCK_CTRL, CONTROL)
IOCTL(KVM_CREATE_VM, PROCESS)
IOCTL(KVM_CREATE_VCPU, PROCESS)
IOCTL(KVM_CREATE_IRQCHIP, PROCESS)
IOCTL(KVM_CREATE_PIT2, PROCESS)
IOCTL(KVM_CHECK_EXTENSION, PROCESS | VCPU) /* asked again for each doorbell */
IOCTL(KVM_GET_SUPPORTED_CPUID, PROCESS)
IOCTL(KVM_ENABLE_CAP, PROCESS)
IOCTL(KVM_X86_SET_MSR_FILTER, PROCESS)
IOCTL(KVM_SET_CPUID2, PROCESS)
IOCTL(KVM_SET_TSS_ADDR, PROCESS)
IOCTL(KVM_SET_IDENTITY_MAP_ADDR, PROCESS)
IOCTL(KVM_SET_USER_MEMORY_REGION, PROCESS)
IOCTL(KVM_SET_PIT2, PROCESS)
IOCTL(KVM_GET_PIT2, PROCESS)
IOCTL(KVM_SET_IRQCHIP, PROCESS)
IOCTL(KVM_SET_LAPIC, PROCESS)
/* Interrupts and doorbells of devices: a driver says which message an interrupt
 * sends, and moves doorbells. The first two are for a KVM without irqfds. */
IOCTL(KVM_IRQ_LINE, GUEST)
IOCTL(KVM_SIGNAL_MSI, GUEST)
IOCTL(KVM_SET_GSI_ROUTING, PROCESS | VCPU)
IOCTL(KVM_IOEVENTFD, PROCESS | VCPU)
IOCTL(KVM_IRQFD, PROCESS)
/* The state of vCPUs: the verdict, the debugger, the watch for a guest that has
 * halted. A vCPU's own thread reads where it stopped. */
IOCTL(KVM_GET_REGS, CONTROL | VCPU)
IOCTL(KVM_SET_REGS, CONTROL | VCPU)
IOCTL(KVM_GET_SREGS, CONTROL | VCPU)
IOCTL(KVM_SET_SREGS, CONTROL | VCPU)
IOCTL(KVM_GET_FPU, CONTROL | VCPU)
IOCTL(KVM_SET_FPU, CONTROL | VCPU)
IOCTL(KVM_GET_XSAVE, CONTROL | VCPU)
IOCTL(KVM_SET_XSAVE, CONTROL | VCPU)
IOCTL(KVM_GET_MSRS, CONTROL | VCPU)
IOCTL(KVM_SET_MSRS, CONTROL | VCPU)
IOCTL(KVM_GET_LAPIC, CONTROL | VCPU)
IOCTL(KVM_GET_IRQCHIP, CONTROL | VCPU)
IOCTL(KVM_GET_MP_STATE, CONTROL | VCPU)
IOCTL(KVM_GET_VCPU_EVENTS, CONTROL | VCPU)
IOCTL(KVM_SET_GUEST_DEBUG, CONTROL | VCPU)
IOCTL(KVM_TRANSLATE, CONTROL | VCPU)

/* --- shares: devices that open UNIX sockets, or files: those of a shared
 * folder, where Landlock keeps them */
RULE_BITS(socket, WIDE | FILES, 0, UINT32_MAX, AF_UNIX)
RULE(connect, WIDE | FILES)
RULE(openat, WIDE | FILES)
RULE(openat2, WIDE | FILES)
RULE(readlinkat, WIDE | FILES)
RULE(getdents64, WIDE | FILES)
/* libc before 2.33, and where the kernel lacks faccessat2(). */
RULE(faccessat, WIDE | FILES)
RULE(faccessat2, WIDE | FILES)
RULE(getxattr, WIDE | FILES)
RULE(listxattr, WIDE | FILES)
RULE(setxattr, WIDE | FILES)
RULE(removexattr, WIDE | FILES)
RULE(mkdirat, WIDE | FILES)
RULE(mknodat, WIDE | FILES)
RULE(symlinkat, WIDE | FILES)
RULE(linkat, WIDE | FILES)
RULE(renameat, WIDE | FILES) /* libc's renameat2() without flags */
RULE(renameat2, WIDE | FILES)
RULE(unlinkat, WIDE | FILES)
RULE(chmod, WIDE | FILES)
RULE(fchmod, WIDE | FILES)
RULE(fchownat, WIDE | FILES)
RULE(utimensat, WIDE | FILES)

/* --- network: that of --net user, sockets for what its guest connects to, and
 * for what connects to its forwarded ports. /etc/resolv.conf is open, and is
 * read again through sandbox.c. */
RULE_BITS(socket, NET, 0, UINT32_MAX, AF_INET)
RULE_BITS(socket, NET, 0, UINT32_MAX, AF_INET6)
/* libc looks up the zone of a name server's IPv6 address with one of these; no
 * zone is better than any socket of this host. */
REFUSE_BITS(socket, NET, 0, UINT32_MAX, AF_UNIX, EAFNOSUPPORT)
/* libslirp 4.0 listens for FTP; later ones do not. */
RULE(bind, NET)
RULE(listen, NET)
RULE(connect, NET)
RULE(accept, NET)
RULE(accept4, NET) /* the same, for a later libslirp */
/* libc's streams, of resolv.conf. */
RULE_BITS(newfstatat, NET, 3, AT_EMPTY_PATH, AT_EMPTY_PATH)
IOCTL(FIONREAD, NET) /* the size of a datagram */
IOCTL(TCGETS, NET)   /* GLib's log, of a stream that is /dev/null */
IOCTL(TCGETS2, NET)

/* --- modules: those of exec's kernel, and what depmod(8) says about them, to
 * be read; Landlock says in which folder. */
RULE_BITS(openat, READER, 2, O_ACCMODE | O_CREAT | O_TRUNC, O_RDONLY)
RULE(access, READER)
RULE(newfstatat, READER)

/* --- programs: `test` starts launchers, which inherit its filter. Until they
 * confine themselves, they open all that their case names: where they may write
 * is Landlock's to say. Here is what no other role may do in this way. */
RULE(clone, SUITE) /* libc's fork() */
RULE(execve, SUITE)
RULE(kill, SUITE)   /* its cases; Landlock keeps to them, from ABI 6 on */
RULE(tgkill, SUITE) /* of a case, whose number is another */
RULE(setpgid, SUITE)
RULE(getppid, SUITE)
RULE(pidfd_open, SUITE)
/* A program's start. */
RULE(mmap, SUITE) /* libraries are code */
RULE(mprotect, SUITE)
RULE(arch_prctl, SUITE)
RULE(set_tid_address, SUITE)
RULE(prlimit64, SUITE)
/* What a launcher opens and asks before it confines itself. */
RULE(ioctl, SUITE)
RULE(fcntl, SUITE) /* the locks of disks */
RULE(socket, SUITE)
RULE(socketpair, SUITE)
RULE(pipe2, SUITE)
RULE(dup, SUITE)
RULE(dup2, SUITE)
RULE(umask, SUITE)
RULE(chdir, SUITE)
RULE(stat, SUITE) /* libc before 2.33 */
RULE(lstat, SUITE)
RULE(readlink, SUITE)
RULE(getcwd, SUITE)
RULE(uname, SUITE)
RULE(getuid, SUITE)
RULE(getgid, SUITE)
RULE(getegid, SUITE)
RULE(getgroups, SUITE)
RULE(setresuid, SUITE) /* --run-as */
RULE(setresgid, SUITE)
/* How it confines itself. */
RULE(close_range, SUITE)
RULE(prctl, SUITE)
RULE(capget, SUITE)
RULE(capset, SUITE)
RULE(setgroups, SUITE)
RULE(landlock_create_ruleset, SUITE)
RULE(landlock_add_rule, SUITE)
RULE(landlock_restrict_self, SUITE)
/* The results: one run at a time in a folder. */
RULE(mkdir, SUITE)
RULE(flock, SUITE)
