using Microsoft.Extensions.AI;
using Microsoft.SemanticKernel;
using Moru.Tools;

namespace Moru.Agents;

/// <summary>The tools by their toolsets. A plugin is named by one, a function in it is called as the tool everywhere else.</summary>
internal static class MoruPlugins
{
    private const string Others = "sandbox";

    // A tool in several toolsets is in the plugin that comes first.
    private static readonly (string Name, Toolsets Toolset)[] Groups =
    [
        ("code", Toolsets.Code),
        ("commands", Toolsets.Commands),
        ("files", Toolsets.Files),
        ("pty", Toolsets.Pty),
        ("templates", Toolsets.Templates),
        ("volumes", Toolsets.Volumes),
    ];

    public static IEnumerable<string> Names => Groups.Select(group => group.Name).Append(Others);

    public static IEnumerable<KernelPlugin> Create(MoruTools tools) => Names.Select(name => Create(name, tools)).Where(plugin => plugin.FunctionCount > 0);

    public static KernelPlugin Create(string name, MoruTools tools) => KernelPluginFactory.CreateFromFunctions(
        name, $"Work with the {name} of a Linux sandbox.", tools.SelfGuarding.Where(tool => GroupOf(tool) == name).Select(tool => tool.AsKernelFunction()));

    private static string GroupOf(AIFunction tool) =>
        Groups.FirstOrDefault(group => tool.GetService<Tool>()!.Toolsets.HasFlag(group.Toolset)).Name ?? Others;
}
