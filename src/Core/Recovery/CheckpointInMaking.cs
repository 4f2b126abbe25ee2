using System.Buffers;

namespace FastStream;

/// <summary>
/// A checkpoint between its batch and its manifest: what is in memory has been written, and what is in stores is on its
/// way to the disk while the next batches run.
/// </summary>
/// <remarks>By the scheduler, between batches.</remarks>
internal sealed class CheckpointInMaking : IDisposable
{
    private readonly CheckpointFiles _files;
    private readonly List<(string Name, IStateSnapshot Section, int Part, StoredPart Stored)> _stored = [];
    private readonly CheckpointManifest _manifest;

    /// <summary>Writes what is in memory, and begins to bring to the disk what is not.</summary>
    /// <param name="store">Where checkpoints are.</param>
    /// <param name="manifest">What is known of it: all but its parts and their sums.</param>
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

    /// <summary>The last batch that it counts.</summary>
    public BatchTime Time => _manifest.Time;

    /// <summary>Whether all states are on the disk, or have failed to get there.</summary>
    public bool IsReady => _stored.TrueForAll(each => each.Stored.Snapshot.IsCompleted);

    /// <summary>Waits for the states, and makes it count.</summary>
    /// <exception cref="IOException">The disk did not take it, or gives back something else.</exception>
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
            _ = stored.Snapshot.Exception;   // it was told, or nobody needs it any more
        }

        _files.Dispose();
    }

    private static KeyGroups? GroupsOf(IStateSnapshot state, int part) => state.IsByGroup ? KeyGroups.Of(part, state.PartCount) : null;
}
