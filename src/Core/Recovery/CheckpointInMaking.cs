using System.Buffers;

namespace FastStream;

/// <summary>
/// An unfinished checkpoint, between its batch and its manifest: states in memory have been written; stores write
/// theirs to disk while the next batches run.
/// </summary>
/// <remarks>Used by the scheduler, between batches.</remarks>
internal sealed class CheckpointInMaking : IDisposable
{
    private readonly CheckpointFiles _files;
    private readonly List<(string Name, IStateSnapshot Section, int Part, StoredPart Stored)> _stored = [];
    private readonly CheckpointManifest _manifest;

    /// <summary>Writes the states in memory, and starts the snapshots of the stores.</summary>
    /// <param name="store">The store of checkpoints.</param>
    /// <param name="manifest">The manifest without parts and checksums.</param>
    /// <param name="states">The states, each with its name.</param>
    /// <param name="inputs">The inputs' positions, each with its input's name.</param>
    /// <param name="sinks">The sinks' positions, each with its sink's name.</param>
    public CheckpointInMaking(
        CheckpointStore store, CheckpointManifest manifest, IEnumerable<(IStateSnapshot State, string Name)> states,
        IEnumerable<(string Name, byte[] Position)> inputs,
        IEnumerable<(string Name, byte[] Position)> sinks)
    {
        _manifest = manifest;
        _files = store.Begin(manifest.Number);
        try
        {
            foreach ((IStateSnapshot state, string name) in states)
            {
                for (int part = 0; part < state.PartCount; part++)
                {
                    if (state is IStoredSection stored)
                    {
                        _stored.Add((name, state, part, stored.BeginSave(part)));
                    }
                    else
                    {
                        int number = part;
                        _files.Writer.Write(SavedParts.State, name, state.Schema, output => state.Save(number, output),
                            GroupsOf(state, part));
                    }
                }
            }

            foreach ((string name, byte[] position) in inputs)
            {
                _files.Writer.Write(SavedParts.Input, name, "", output => output.Write(position));
            }

            foreach ((string name, byte[] position) in sinks)
            {
                _files.Writer.Write(SavedParts.SinkKind, name, "", output => output.Write(position));
            }
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>The last batch that the checkpoint includes.</summary>
    public BatchTime Time => _manifest.Time;

    /// <summary>Whether all stores have written their states, or have failed.</summary>
    public bool IsReady => _stored.TrueForAll(each => each.Stored.Snapshot.IsCompleted);

    /// <summary>Waits for the states, and completes the checkpoint.</summary>
    /// <exception cref="IOException">The write failed, or the data read back differ.</exception>
    public CheckpointManifest Finish()
    {
        foreach ((string name, IStateSnapshot section, int part, StoredPart stored) in _stored)
        {
            _files.Writer.Write(SavedParts.State, name, section.Schema, stored.Write, GroupsOf(section, part), stored.Store);
        }

        return _files.Finish(_manifest);
    }

    public void Dispose()
    {
        foreach ((_, _, _, StoredPart stored) in _stored)
        {
            ((IAsyncResult)stored.Snapshot).AsyncWaitHandle.WaitOne();
            _ = stored.Snapshot.Exception;   // observed here: it was reported, or nothing needs it any more
        }

        _files.Dispose();
    }

    private static KeyGroups? GroupsOf(IStateSnapshot state, int part) => state.IsByGroup ? KeyGroups.Of(part, state.PartCount) : null;
}
