namespace Moru.Envd.Tests;

/// <summary>What the workload cannot do to envd, tried from inside with the engine's own container settings.</summary>
public sealed class HardeningSpecs : IAsyncLifetime
{
    // A new one for each test: starting a process of another user hides envd's memory as a side effect.
    private readonly SandboxEnvd _envd = new();

    // One line for each attempt that succeeded. System call numbers are those of x64.
    private const string Attempts =
        """
        import ctypes, os, socket
        libc = ctypes.CDLL(None, use_errno=True)
        def attempt(name, action):
            try: print(name, "succeeded:", repr(action())[:40])
            except OSError: pass
        def call(number, *arguments):
            result = libc.syscall(number, *arguments)
            if result < 0: raise OSError(ctypes.get_errno(), "")
            return result
        def read(path): return open(path, "rb").read(16)

        for tid in os.listdir("/proc/1/task"):
            for name in "mem", "environ", "auxv", "maps", "smaps", "stack", "syscall", "io", "pagemap":
                attempt(f"{tid}/{name}", lambda: read(f"/proc/1/task/{tid}/{name}"))
            attempt(f"{tid}/mem for writing", lambda: open(f"/proc/1/task/{tid}/mem", "wb"))
            attempt(f"{tid} attach", lambda: call(101, 16, int(tid), 0, 0))
            attempt(f"{tid} seize", lambda: call(101, 0x4206, int(tid), 0, 0))
        for name in "exe", "root", "cwd", "ns/pid", "ns/mnt": attempt(name, lambda: os.readlink("/proc/1/" + name))
        for fd in range(30):
            attempt(f"fd {fd}", lambda: os.readlink(f"/proc/1/fd/{fd}"))
            attempt(f"fd {fd} opened", lambda: open(f"/proc/1/fd/{fd}"))
        attempt("map_files", lambda: os.listdir("/proc/1/map_files"))
        attempt("through root", lambda: os.listdir("/proc/1/root/"))

        class Vector(ctypes.Structure): _fields_ = [("start", ctypes.c_void_p), ("size", ctypes.c_size_t)]
        buffer = ctypes.create_string_buffer(64)
        ours, theirs = Vector(ctypes.addressof(buffer), 64), Vector(0x400000, 64)
        attempt("process_vm_readv", lambda: call(310, 1, ctypes.byref(ours), 1, ctypes.byref(theirs), 1, 0))
        attempt("process_vm_writev", lambda: call(311, 1, ctypes.byref(ours), 1, ctypes.byref(theirs), 1, 0))
        attempt("pidfd_getfd", lambda: call(438, call(434, 1, 0), 0, 0))
        attempt("kcmp", lambda: call(312, 1, os.getpid(), 0, 0, 0))
        attempt("perf_event_open", lambda: call(298, ctypes.byref(ctypes.create_string_buffer(128)), 1, -1, -1, 0))

        agent = "/opt/moru/envd"
        attempt("write", lambda: open(agent, "r+b"))
        attempt("append", lambda: open(agent, "ab"))
        attempt("truncate", lambda: os.truncate(agent, 0))
        attempt("unlink", lambda: os.unlink(agent))
        attempt("replace", lambda: os.rename("/bin/true", agent))
        attempt("chmod", lambda: os.chmod(agent, 0o777))
        attempt("umount", lambda: call(166, agent.encode(), 2))
        attempt("remount", lambda: call(165, None, agent.encode(), None, 32 | 4096, None))
        attempt("bind", lambda: call(165, b"/bin/true", agent.encode(), None, 4096, None))
        attempt("unshare", lambda: call(272, 0x10000000))
        attempt("core_pattern", lambda: open("/proc/sys/kernel/core_pattern", "w"))

        def bind(address):
            taker = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
            for option in socket.SO_REUSEADDR, socket.SO_REUSEPORT: taker.setsockopt(socket.SOL_SOCKET, option, 1)
            taker.bind((address, 49983)); taker.listen()
        for address in "127.0.0.1", "0.0.0.0", "::", "::1", socket.gethostbyname(socket.gethostname()): attempt(f"bind {address}", lambda: bind(address))
        print("all tried")
        """;

    private const string Signals =
        """
        import ctypes, os
        for number in range(1, 65):
            for tid in os.listdir("/proc/1/task"): ctypes.CDLL(None).syscall(234, 1, int(tid), number)
            try: os.kill(1, number)
            except OSError: pass
        print("all sent")
        """;

    public ValueTask InitializeAsync() => _envd.InitializeAsync();

    public ValueTask DisposeAsync() => _envd.DisposeAsync();

    [Theory]
    [InlineData("user")]
    [InlineData("root")]
    public async Task Nobody_in_the_sandbox_reads_envd_or_puts_himself_in_its_place(string user)
    {
        var result = await _envd.PythonAsync(Attempts, user);

        Assert.Equal(("all tried\n", ""), (result.Stdout, result.Stderr));
    }

    [Theory]
    [InlineData("user")]
    [InlineData("root")]
    public async Task No_signal_from_inside_ends_it(string user)
    {
        var result = await _envd.PythonAsync(Signals, user);

        Assert.Equal("all sent\n", result.Stdout);
        await _envd.AnswersPromptlyAsync();
        Assert.Equal("well\n", (await _envd.ShAsync("echo well")).Stdout);
    }

    [Fact]
    public async Task No_core_is_ever_written() => Assert.Equal("0\n", (await _envd.ShAsync("ulimit -Hc")).Stdout);
}
