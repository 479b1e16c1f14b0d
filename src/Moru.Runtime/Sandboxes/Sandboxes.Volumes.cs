namespace Moru.Runtime;

public sealed partial class Sandboxes
{
    /// <summary>Whether a sandbox has a volume whose processes may run. Those of a paused one do not.</summary>
    internal bool UseVolume(string volumeId) =>
        live.Values.Any(sandbox => sandbox.Record.Volume?.VolumeId == volumeId && sandbox.Record.State is not SandboxPhase.Paused);

    private void CheckVolume(string teamId, SandboxRequest request)
    {
        if (request.VolumeId is null) return;
        if (string.IsNullOrEmpty(request.VolumeMountPath))
            throw new RuntimeException(RuntimeError.InvalidArgument, "volumeId needs volumeMountPath, such as /workspace.");
        MountPath.Check(request.VolumeMountPath);
        if (store.FindVolume(teamId, id: request.VolumeId) is null) throw VolumeNotFound();
    }

    private static RuntimeException VolumeNotFound() => new(RuntimeError.VolumeNotFound, "Volume not found");

    private static VolumeMount? MountOf(SandboxRequest request) =>
        request.VolumeId is { } id ? new VolumeMount(VolumeId.Normalize(id), request.VolumeMountPath!) : null;
}
