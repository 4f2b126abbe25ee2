namespace FastStream;

/// <summary>The files of an unfinished checkpoint: they appear together, or not at all.</summary>
internal sealed class CheckpointFiles : IDisposable
{
    private readonly CheckpointStore _store;
    private readonly AtomicDirectory _whole;
    private readonly FileBufferWriter _data;

    public CheckpointFiles(CheckpointStore store, AtomicDirectory whole)
    {
        _store = store;
        _whole = whole;
        try
        {
            _data = whole.NewFile(CheckpointStore.DataName, isSummed: true);
            Writer = new CheckpointWriter(_data);
        }
        catch
        {
            whole.Dispose();
            throw;
        }
    }

    /// <summary>The writer of the parts.</summary>
    public CheckpointWriter Writer { get; }

    /// <summary>Writes the manifest, publishes the checkpoint, and reads it back to verify it.</summary>
    /// <exception cref="IOException">The write failed, or the data read back differ.</exception>
    public CheckpointManifest Finish(CheckpointManifest manifest)
    {
        _data.Finish();
        manifest = manifest with { Parts = Writer.Parts, DataLength = _data.Length, DataSum = _data.Sum };
        _data.Dispose();
        FailPoint.Pass("states written");
        using (FileBufferWriter file = _whole.NewFile(CheckpointStore.ManifestName))
        {
            manifest.Write(file);
            file.Finish();
        }

        FailPoint.Pass("manifest written");
        _whole.Publish();
        _whole.Dispose();
        FailPoint.Pass("checkpoint there");
        _store.LookAt(manifest.Number);
        return manifest;
    }

    public void Dispose()
    {
        _data.Dispose();
        _whole.Dispose();
    }
}
