using System.Buffers;
using System.Text;

namespace FastStream.Runtime;

/// <summary>The state of a stream's custom operators in a checkpoint, in the operators' own format.</summary>
/// <remarks>
/// <code>
/// | salt of the groups: length (4 bytes), digits; 0 for state without keys | number of groups (4), each |
/// group: | its number (4) | length (4) | what the operator wrote |
/// </code>
/// Each group is loaded into the partition that owns it now. State without keys is loaded as a whole into the partition
/// of the same number, or into another one if there are fewer partitions now.
/// </remarks>
internal sealed class OperatorSection(DStream stream, IReadOnlyList<IStateful> partitions, KeySalt salt) : IStateSnapshot
{
    private readonly KeySalt _salt = salt;

    public DStream Stream => stream;

    public string Schema => partitions[0].Schema!;

    public int PartCount => partitions.Count;

    public bool IsByGroup => partitions[0].IsKeyed;

    private string Digits => IsByGroup ? _salt.ToString() : "";

    public void Save(int part, IBufferWriter<byte> output)
    {
        IStateful partition = partitions[part];
        partition.AcceptPending();
        var writer = new KeyGroupWriter(stream.Name, _salt, IsByGroup ? KeyGroups.Of(part, partitions.Count) : null);
        partition.Save(writer);
        var state = new StateWriter(output);
        state.WriteString(Digits);
        (int Group, ReadOnlyMemory<byte> Bytes)[] written = [.. writer.Written];
        state.WriteInt32(written.Length);
        foreach ((int group, ReadOnlyMemory<byte> bytes) in written)
        {
            state.WriteInt32(group);
            state.WriteBytes(bytes.Span);
        }
    }

    public void Load(int part, int? owner, ReadOnlySpan<byte> bytes)
    {
        var state = new StateReader(bytes, $"The state of {stream.Name}");
        string saved = state.ReadString();
        if (saved != Digits)
        {
            throw new InvalidOperationException(saved.Length == Digits.Length
                ? $"The state of {stream.Name} was saved by key group, with another StreamingOptions.KeySalt than "
                    + "the program has now. Start with the one it was written with, or with none."
                : $"The state of {stream.Name} was saved {(saved.Length > 0 ? "by key group" : "by partition")}, and "
                    + $"its operator is {(IsByGroup ? "keyed" : "not keyed")} now. Give it another Schema or name, or IsKeyed as it was.");
        }

        for (int left = state.ReadCount(2 * sizeof(int)); left > 0; left--)
        {
            int group = state.ReadInt32();
            int place = IsByGroup ? KeyGroups.OwnerOf(group, partitions.Count) : part % partitions.Count;
            partitions[place].Restore(state.ReadBytes());
        }

        state.End();
    }

    public void EndLoad()
    {
    }
}
