using Moru;

await using var sandbox = await Sandbox.CreateAsync();
await sandbox.Files.WriteAsync("hello.py", "print('hello from', open('/etc/os-release').readline())");
var result = await sandbox.Commands.RunAsync("python3 hello.py");
Console.WriteLine(result.Stdout);
