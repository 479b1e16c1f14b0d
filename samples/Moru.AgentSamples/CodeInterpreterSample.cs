using Microsoft.Extensions.AI;
using Moru.Agents;
using static Moru.AgentSamples.ScriptedModel;

namespace Moru.AgentSamples;

/// <summary>The standard code interpreter tool, with a file that goes in and one that comes out.</summary>
internal static class CodeInterpreterSample
{
    public static Turn[] Script =>
    [
        Call("code_interpreter", ("code", """
            import csv
            rows = list(csv.DictReader(open("/mnt/data/sales.csv")))
            total = sum(float(row["amount"]) for row in rows)
            open("/mnt/data/total.txt", "w").write(str(total))
            total
            """)),
        Say(result => $"The total is {result.Split('\n')[0].Split(' ')[1]}."),
    ];

    public static async Task RunAsync(MoruClient client, IChatClient model)
    {
        using var agent = model.AsBuilder().UseMoruCodeInterpreter(client).Build();
        var sales = new DataContent("item,amount\napples,3.5\npears,4\n"u8.ToArray(), "text/csv") { Name = "sales.csv" };

        var answer = await agent.GetResponseAsync(
            "Sum the amounts in sales.csv, and write the total to a file.",
            new() { Tools = [new HostedCodeInterpreterTool { Inputs = [sales] }] });

        Console.WriteLine(answer.Text);
        foreach (var result in answer.Messages.SelectMany(message => message.Contents).OfType<CodeInterpreterToolResultContent>())
            foreach (var file in result.Outputs!.OfType<DataContent>())
                Console.WriteLine($"{file.Name} ({file.MediaType}): {System.Text.Encoding.UTF8.GetString(file.Data.Span)}");
    }
}
