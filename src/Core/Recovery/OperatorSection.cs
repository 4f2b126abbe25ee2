using System.Buffers;
using System.Text;

namespace FastStream;

/// <summary>What the operators of a stream keep in a checkpoint, written by themselves.</summary>
/// <remarks>
/// <code>
/// | salt of the groups: length (4 bytes), digits; 0 where nothing is kept by key | number of groups (4) | for each: | group (4) | length (4) | what the operator wrote |
/// </code>
/// A group goes to the partition that owns it now. What is kept by no key goes, a share as a whole, to the partition of the
/// same number, or to one of fewer.
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
        IStateful state = partitions[part];
        state.AcceptPending();
        var writer = new KeyGroupWriter(stream.Name, _salt, IsByGroup ? KeyGroups.Of(part, partitions.Count) : null);
        state.Save(writer);
        string digits = Digits;
        SavedNumbers.WriteInt32(output, digits.Length);
        Encoding.ASCII.GetBytes(digits, output);
        (int Group, ReadOnlyMemory<byte> Bytes)[] written = [.. writer.Written];
        SavedNumbers.WriteInt32(output, written.Length);
        foreach ((int group, ReadOnlyMemory<byte> bytes) in written)
        {
            SavedNumbers.WriteInt32(output, group);
            SavedNumbers.WriteInt32(output, bytes.Length);
            output.Write(bytes.Span);
        }
    }

    public void Load(int part, int? owner, ReadOnlySpan<byte> bytes)
    {
        int saltLength = Prefixed.LengthOfPresent(ref bytes);
        string saved = Encoding.ASCII.GetString(bytes[..saltLength]);
        bytes = bytes[saltLength..];
        if (saved != Digits)
        {
            throw new InvalidOperationException(saved.Length == Digits.Length
                ? $"The state of {stream.Name} was saved by key group, with another StreamingOptions.KeySalt than "
                    + "the program has now. Start with the one it was written with, or with none."
                : $"The state of {stream.Name} was saved {(saved.Length > 0 ? "by key group" : "by partition")}, "
                    + $"and its operator is {(IsByGroup ? "keyed" : "not keyed")} now. Give it another Schema or "
                    + "name, or IsKeyed as it was.");
        }

        for (int left = SavedNumbers.ReadInt32(ref bytes); left > 0; left--)
        {
            int group = SavedNumbers.ReadInt32(ref bytes);
            int length = Prefixed.LengthOfPresent(ref bytes);
            partitions[IsByGroup ? KeyGroups.OwnerOf(group, partitions.Count) : part % partitions.Count].Restore(bytes[..length]);
            bytes = bytes[length..];
        }
    }

    public void EndLoad()
    {
    }
}
