using static Moru.Evals.Moves;

namespace Moru.Evals;

/// <summary>Changes of files that must touch nothing else.</summary>
internal static class FileTasks
{
    public static IEnumerable<EvalTask> All =>
    [
        new()
        {
            Id = "files/one-line",
            Fast = true,
            Prompt = "In ~/app.ini set `port` in the section [server] to 9090, and change nothing else.",
            Files = new Dictionary<string, string> { ["app.ini"] = "[client]\nport = 80\n\n[server]\nport = 8080\nhost = a\n" },
            CheckAsync = done => done.FileIsAsync("app.ini", "[client]\nport = 80\n\n[server]\nport = 9090\nhost = a"),
            Solution = [Read("app.ini"), Run("sed -i '/^\\[server\\]/,/^\\[/s/^port = .*/port = 9090/' app.ini && cat app.ini"), Say("Changed.")],
        },
        new()
        {
            Id = "files/lines-of-a-large-file",
            Prompt = "Copy lines 150001 to 150003 of ~/large.txt to ~/part.txt.",
            Setup = "seq 1 300000 | sed 's/^/line /' > large.txt",
            CheckAsync = done => done.FileIsAsync("part.txt", "line 150001\nline 150002\nline 150003"),
            Solution = [Run("sed -n '150001,150003p;150003q' large.txt > part.txt"), Say("Copied.")],
        },
        new()
        {
            Id = "files/rename-many",
            Prompt = "Rename every .jpeg file below ~/photos to .jpg.",
            Setup = "mkdir -p 'photos/a b' && touch photos/1.jpeg 'photos/a b/2 x.jpeg' photos/3.png && chown -R user photos",
            CheckAsync = done => done.CommandSaysAsync("find photos -type f | sort", "photos/1.jpg\nphotos/3.png\nphotos/a b/2 x.jpg"),
            Solution = [Run("find photos -name '*.jpeg' -print0 | while IFS= read -r -d '' f; do mv \"$f\" \"${f%.jpeg}.jpg\"; done"), Say("Renamed.")],
        },
        new()
        {
            Id = "files/permissions",
            Prompt = "Below ~/site make directories 755 and files 644, and scripts ending in .sh 755.",
            Setup = "mkdir -p site/bin && touch site/index.html site/bin/run.sh && chmod -R 700 site && chown -R user site",
            CheckAsync = done => done.CommandSaysAsync("find site -printf '%m %p\\n' | sort", "644 site/index.html\n755 site\n755 site/bin\n755 site/bin/run.sh"),
            Solution = [Run("find site -type d -exec chmod 755 {} + ; find site -type f -exec chmod 644 {} + ; find site -name '*.sh' -exec chmod 755 {} +"), Say("Set.")],
        },
        new()
        {
            Id = "files/archive",
            Prompt = "Put ~/notes into ~/notes.tar.gz without the .tmp files in it.",
            Files = new Dictionary<string, string> { ["notes/a.md"] = "a", ["notes/b.tmp"] = "b", ["notes/deep/c.md"] = "c" },
            Deterministic = false, // an archive holds times
            CheckAsync = done => done.CommandSaysAsync("tar tzf notes.tar.gz | grep -v '/$' | sort", "notes/a.md\nnotes/deep/c.md"),
            Solution = [Run("tar czf notes.tar.gz --exclude='*.tmp' notes && tar tzf notes.tar.gz"), Say("Packed.")],
        },
        new()
        {
            Id = "files/byte-offset",
            Prompt = "At which byte offset, counted from 0, does the byte 0xFF stand in ~/blob.bin? Answer with the number.",
            Setup = "head -c 4321 /dev/zero > blob.bin && printf '\\377' >> blob.bin && head -c 100 /dev/zero >> blob.bin",
            CheckAsync = done => done.AnswerHasAsync("4321"),
            Solution = [Run("python3 -c \"print(open('blob.bin', 'rb').read().index(255))\""), Say(result => $"At {FirstLine(result)}.")],
        },
        new()
        {
            Id = "files/line-ends",
            Prompt = "~/dos.txt has Windows line ends and a byte order mark. Make it a Unix text file in place.",
            Setup = "printf '\\357\\273\\277one\\r\\ntwo\\r\\n' > dos.txt && chown user dos.txt",
            CheckAsync = done => done.CommandSaysAsync("xxd -p dos.txt 2>/dev/null || python3 -c \"print(open('dos.txt','rb').read().hex())\"", "6f6e650a74776f0a"),
            Solution = [Run("sed -i '1s/^\\xef\\xbb\\xbf//; s/\\r$//' dos.txt"), Say("Converted.")],
        },
        new()
        {
            Id = "files/empty-directories",
            Prompt = "Remove all empty directories below ~/tree, also those that become empty by that, and nothing else.",
            Setup = "mkdir -p tree/a/b/c tree/keep tree/d && touch tree/keep/file && chown -R user tree",
            CheckAsync = done => done.CommandSaysAsync("find tree | sort", "tree\ntree/keep\ntree/keep/file"),
            Solution = [Run("find tree -mindepth 1 -type d -empty -delete && find tree"), Say("Removed.")],
        },
    ];
}
