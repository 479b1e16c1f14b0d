using Microsoft.Extensions.AI;
using Microsoft.SemanticKernel;

namespace Moru.Agents;

/// <summary>The tools by what they are about. A plugin is named by that, a function in it is called as the tool everywhere else.</summary>
internal static class MoruPlugins
{
    private const string Others = "sandbox";

    private static readonly (string Name, string[] Words)[] Groups =
    [
        ("code", ["code"]),
        ("commands", ["command", "commands", "process", "processes"]),
        ("files", ["file", "files", "directory"]),
        ("pty", ["terminal", "terminals", "pty", "keys", "screen"]),
        ("templates", ["template", "templates", "build", "builds"]),
        ("volumes", ["volume", "volumes"]),
    ];

    public static IEnumerable<string> Names => Groups.Select(group => group.Name).Append(Others);

    public static IEnumerable<KernelPlugin> Create(MoruTools tools) => Names.Select(name => Create(name, tools)).Where(plugin => plugin.FunctionCount > 0);

    public static KernelPlugin Create(string name, MoruTools tools) => KernelPluginFactory.CreateFromFunctions(
        name, $"Work with the {name} of a Linux sandbox.", tools.SelfGuarding.Where(tool => GroupOf(tool) == name).Select(tool => tool.AsKernelFunction()));

    private static string GroupOf(AIFunction tool) =>
        Groups.FirstOrDefault(group => tool.Name.Split('_').Intersect(group.Words).Any()).Name ?? Others;
}
