using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace FastStream;

/// <summary>The sinks of a context by name, and the position of each as of the last batch that is done.</summary>
/// <remarks>Used by the scheduler, between batches, and during a start.</remarks>
internal sealed class SinkPositions
{
    private readonly List<(string Name, ISinkOutput Sink)> _sinks = [];
    private readonly Dictionary<string, byte[]> _last = new(StringComparer.Ordinal);
    private readonly ArrayBufferWriter<byte> _position = new();

    /// <exception cref="InvalidOperationException">Two sinks have the same name.</exception>
    public SinkPositions(IReadOnlyList<OutputOperation> outputs)
    {
        var places = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (OutputOperation output in outputs)
        {
            if (output is ISinkOutput sink)
            {
                int place = places[output.OperatorName] = places.GetValueOrDefault(output.OperatorName) + 1;
                string name = sink.GivenName ?? $"{output.OperatorName} #{place}";
                if (_sinks.Exists(other => other.Name == name))
                {
                    throw new InvalidOperationException(
                        $"Two sinks are known by \"{name}\" in checkpoints. Give each a name of its own in WriteTo.");
                }

                _sinks.Add((name, sink));
            }
        }
    }

    /// <summary>Names of the sinks, in order of registration.</summary>
    public IEnumerable<string> Names => _sinks.Select(each => each.Name);

    /// <summary>The sinks that have a position, each with it.</summary>
    public IEnumerable<(string Name, byte[] Position)> Last => _last.Select(each => (each.Key, each.Value));

    /// <summary>Gives the sinks their names, before they are opened.</summary>
    /// <param name="isCommitted">Tells whether the log says that a batch of an earlier run is done.</param>
    public void Bind(Func<BatchTime, bool> isCommitted)
    {
        foreach ((string name, ISinkOutput sink) in _sinks)
        {
            sink.Bind(name, isCommitted);
        }
    }

    /// <summary>Sets a position that was found; the last one is used. <see cref="EndLoad"/> passes it to the sink.</summary>
    public void Load(string name, ReadOnlySpan<byte> position) => _last[name] = position.ToArray();

    /// <summary>Passes the positions to the sinks. Positions of sinks that no longer exist are dropped.</summary>
    public void EndLoad()
    {
        foreach (string gone in _last.Keys.Except(Names).ToArray())
        {
            _last.Remove(gone);
        }

        foreach ((string name, ISinkOutput sink) in _sinks)
        {
            if (_last.TryGetValue(name, out byte[]? position))
            {
                sink.LoadPosition(position);
            }
        }
    }

    /// <summary>
    /// Asks the sinks for their positions, and appends them to the output: a number, then names and positions.
    /// </summary>
    /// <returns>Whether at least one sink has a position; otherwise nothing is written.</returns>
    public bool Save(ArrayBufferWriter<byte> output)
    {
        int countAt = output.WrittenCount;
        int count = 0;
        foreach ((string name, ISinkOutput sink) in _sinks)
        {
            _position.ResetWrittenCount();
            sink.SavePosition(_position);
            if (_position.WrittenCount == 0)
            {
                continue;
            }

            if (count++ == 0)
            {
                StateWriter.WriteInt32(output, 0);   // filled in at the end
            }

            var writer = new StateWriter(output);
            writer.WriteString(name);
            writer.WriteBytes(_position.WrittenSpan);
            if (!_last.TryGetValue(name, out byte[]? last) || !last.AsSpan().SequenceEqual(_position.WrittenSpan))
            {
                _last[name] = _position.WrittenSpan.ToArray();
            }
        }

        if (count > 0)
        {
            BinaryPrimitives.WriteInt32LittleEndian(
                System.Runtime.InteropServices.MemoryMarshal.AsMemory(output.WrittenMemory).Span[countAt..], count);
        }

        return count > 0;
    }

    /// <summary>Reads what <see cref="Save"/> wrote.</summary>
    /// <exception cref="InvalidDataException">The bytes are something else.</exception>
    public static Dictionary<string, ReadOnlyMemory<byte>> Read(ReadOnlyMemory<byte> saved)
    {
        var reader = new StateReader(saved.Span, "the positions of a batch's sinks");
        var positions = new Dictionary<string, ReadOnlyMemory<byte>>(StringComparer.Ordinal);
        for (int left = reader.ReadCount(2 * sizeof(int)); left > 0; left--)
        {
            string name = reader.ReadString();
            int length = reader.ReadBytes().Length;
            if (!positions.TryAdd(name, saved.Slice(saved.Length - reader.Rest.Length - length, length)))
            {
                throw reader.Damaged($"the sink {name} is there twice");
            }
        }

        reader.End();
        return positions;
    }
}
