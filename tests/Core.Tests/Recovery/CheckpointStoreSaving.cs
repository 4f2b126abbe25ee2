namespace FastStream.Tests.Core.Checkpointing;

/// <summary>Writes checkpoints whose parts are all there from the beginning.</summary>
internal static class CheckpointStoreSaving
{
    /// <summary>Writes a checkpoint.</summary>
    /// <param name="store">Where to.</param>
    /// <param name="number">Its number.</param>
    /// <param name="describe">Gets a writer for the parts, and gives the manifest, without what only the writer knows.</param>
    public static void Save(this CheckpointStore store, int number, Func<CheckpointWriter, CheckpointManifest> describe)
    {
        using CheckpointFiles files = store.Begin(number);
        files.Finish(describe(files.Writer) with { Number = number });
    }
}
