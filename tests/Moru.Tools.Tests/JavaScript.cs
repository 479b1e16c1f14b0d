namespace Moru.Tools.Tests;

/// <summary>The interpreter of JavaScript.</summary>
public sealed class JavaScript(ToolTests.Shared shared) : ToolTests(shared), IClassFixture<ToolTests.Shared>
{
    [Fact]
    public async Task JavaScript_keeps_its_state_and_returns_prints_values_and_errors()
    {
        var first = await JavaScriptAsync("const a = 20; console.log('hi'); console.error('err'); a + 1");
        var second = await JavaScriptAsync("const a = 30\nconst fs = require('fs')\na * 2");
        var third = await JavaScriptAsync("function f() {\n  throw new Error('oops')\n}\nf()");

        Assert.Equal(("hi\n", "err\n", "21", null), (first.Stdout, first.Stderr, first.Value, first.Error));
        Assert.Equal(("60", null), (second.Value, second.Error));
        Assert.Matches(@"^Error: oops\n    at f \(code\d+\.js:2:9\)\n    at code\d+\.js:4:1$", third.Error);
    }

    [Theory]
    [InlineData("await new Promise(done => setTimeout(() => done({ x: [1, 'two'] }), 1))", "{ x: [ 1, 'two' ] }")]
    [InlineData("require('child_process').execSync('echo child; exit 0', { stdio: 'inherit' })", "null")]
    [InlineData("[{ n: 1, s: 'a,b' }, { n: 2, s: 'c' }]", "2 rows x 2 columns\nn,s\n1,\"a,b\"\n2,c")]
    [InlineData("let row = i => Object.fromEntries(Array.from({ length: 22 }, (_, n) => ['c' + n, i])); [row(1), row(2)]", "2 rows x 22 columns, the first 20 shown\nc0,c1,c2,c3,c4,c5,c6,c7,c8,c9,c10,c11,c12,c13,c14,c15,c16,c17,c18,c19\n1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1\n2,2,2,2,2,2,2,2,2,2,2,2,2,2,2,2,2,2,2,2")]
    [InlineData("let undef", null)]
    public async Task JavaScript_values_are_those_of_the_last_expression(string code, string? value)
    {
        var output = await JavaScriptAsync(code);

        Assert.Equal((value, null), (output.Value, output.Error));
    }

    [Theory]
    [InlineData("while (true) {}")]
    [InlineData("await new Promise(() => {})")]
    public async Task JavaScript_over_its_time_is_interrupted_and_keeps_its_variables(string code)
    {
        await JavaScriptAsync("globalThis.kept = 7");

        var late = await Tools.CallAsync<CodeOutput>("run_code", new { code, language = "javascript", timeout_seconds = 1 });

        Assert.True(late.IsError);
        Assert.Contains("variables are kept", late.Note, StringComparison.Ordinal);
        Assert.Equal("7", (await JavaScriptAsync("kept")).Value);
    }

    [Theory]
    [InlineData("class A { n() { return 1 } }", "class A { n() { return 2 } }; new A().n()", "2")]
    [InlineData("let { a, b } = { a: 1, b: 2 }", "const { a, b } = { a: 3, b: 4 }; [a, b]", "[ 3, 4 ]")]
    [InlineData("const broken = (() => { throw new Error('no') })()", "const broken = 5; broken", "5")]
    [InlineData("function twice(n) { return n }", "function twice(n) { return 2 * n }; twice(2)", "4")]
    [InlineData("let kind = 1", "const kind = 2; kind", "2")]
    [InlineData("function of() { return 1 }", "const of = () => 2; of()", "2")]
    [InlineData("const Kind = 1", "class Kind { static n = 2 }\n[Kind.n]", "[ 2 ]")]
    [InlineData("const { join } = await import('path')", "const { join } = await import('path'); join('a', 'b')", "'a/b'")]
    public async Task JavaScript_takes_declarations_again(string first, string second, string value)
    {
        await JavaScriptAsync(first);

        var output = await JavaScriptAsync(second);

        Assert.Equal((value, null), (output.Value, output.Error));
    }

    [Theory]
    [InlineData("const all = []\nfor (const n of [0, 1, 2]) {\nconst square = n * n\nall.push(() => square)\n}\nall.map(each => each())", "[ 0, 1, 4 ]")]
    [InlineData("const tick = /`/\nconst text = `\nconst x\n`\ntext", "'\\nconst x\\n'")]
    [InlineData("const call = `import('x')` + /import(y)/ + \"import('z')\"; call", "\"import('x')/import(y)/import('z')\"")]
    [InlineData("/*\nconst a\n*/ let list = [1]\n// const b\nconst same = `\nlet c ${list.map(n => {\nconst d = n\nreturn d\n})}`\nsame", "'\\nlet c 1'")]
    [InlineData("const o = { import(x) { return x } }; o.import(1)", "1")]
    [InlineData("`${typeof (await import('fs')).readFileSync}`", "'function'")]
    public async Task JavaScript_is_run_as_it_is_written(string code, string value)
    {
        var output = await JavaScriptAsync(code);

        Assert.Equal((value, null), (output.Value, output.Error));
    }

    [Theory]
    [InlineData("const ok = 1\nlet x = = 2", @"^code\d+\.js:2\nlet x = = 2\n {8}\^\n\nSyntaxError: Unexpected token '='$")]
    [InlineData("if (true) {", @"^code\d+\.js:1\nif \(true\) {\n {11}\^\n\nSyntaxError: Unexpected end of input$")]
    [InlineData("const f = () => {\n  throw new Error('late')\n}\nawait 1\nf()", @"^Error: late\n    at f \(code\d+\.js:2:9\)\n    at code\d+\.js:5:1$")]
    [InlineData("JSON.parse('{')", @"^SyntaxError: .*\n    at JSON\.parse \(<anonymous>\)\n    at code\d+\.js:1:6$")]
    [InlineData("await new Promise(() => setTimeout(() => { throw new Error('timer') }, 1))", @"^Error: timer\n    at Timeout\._onTimeout \(code\d+\.js:1:50\)$")]
    [InlineData("throw { code: 5 }", @"^Uncaught { code: 5 }$")]
    public async Task Errors_of_JavaScript_say_where(string code, string pattern)
    {
        var output = await JavaScriptAsync(code);

        Assert.Matches(pattern, output.Error);
    }

    [Fact]
    public async Task An_error_in_a_timer_of_JavaScript_comes_with_the_next_call()
    {
        await JavaScriptAsync("setTimeout(() => { fs.writeFileSync('/tmp/thrown', ''); throw new Error('in a timer') }, 10)");
        await Eventually.TrueAsync(async () => (await Tools.RunAsync("ls /tmp/thrown")).ExitCode == 0);

        var next = await JavaScriptAsync("1");

        Assert.StartsWith("Error: in a timer\n    at Timeout", next.Stderr, StringComparison.Ordinal);
        Assert.Equal(("1", null), (next.Value, next.Error));
    }

    [Fact]
    public async Task JavaScript_that_exits_ends_its_interpreter_at_once()
    {
        var gone = await JavaScriptAsync("console.log('last'); process.exit(0)");

        Assert.Equal((false, "last\n"), (gone.IsError, gone.Stdout));
        Assert.Contains("The interpreter ended: it left with exit code 0. Its variables are lost", gone.Note, StringComparison.Ordinal);
        Assert.Equal("2", (await JavaScriptAsync("1 + 1")).Value);
    }

    private Task<CodeOutput> JavaScriptAsync(string code) => Tools.CallAsync<CodeOutput>("run_code", new { code, language = "javascript" });
}
