namespace Moru.Runtime;

public sealed partial class Sandboxes
{
    /// <summary>Sandboxes that have a volume and whose processes may run. Those of a paused one do not.</summary>
    internal string[] UsersOf(string volumeId) => [.. live.Values
        .Where(sandbox => sandbox.Record.Volume?.VolumeId == volumeId && sandbox.Record.State is not SandboxPhase.Paused)
        .Select(sandbox => sandbox.Id)];

    private void CheckVolume(string teamId, SandboxRequest request)
    {
        if (request.VolumeId is null) return;
        if (string.IsNullOrEmpty(request.VolumeMountPath))
            throw new RuntimeException(RuntimeError.InvalidArgument, "volumeId needs volumeMountPath, such as /workspace.");
        MountPath.Check(request.VolumeMountPath);
        if (store.FindVolume(teamId, id: request.VolumeId) is null) throw Volumes.NotFound(request.VolumeId);
    }

    private static VolumeMount? MountOf(SandboxRequest request) =>
        request.VolumeId is { } id ? new VolumeMount(VolumeId.Normalize(id), request.VolumeMountPath!) : null;
}
