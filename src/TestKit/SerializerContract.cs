using System.Buffers;

namespace FastStream.Testing;

/// <summary>
/// What every <see cref="IRecordSerializer{T}"/> promises. Derive from it, and call <see cref="CheckAll"/> or the single checks in
/// tests.
/// </summary>
/// <remarks>
/// A check throws <see cref="InvalidOperationException"/> with what was found and what is expected. FastStream's own serializers are
/// checked by it.
/// </remarks>
/// <example><code>
/// public sealed class TradeSerializerContract : SerializerContract&lt;Trade&gt;
/// {
///     protected override IRecordSerializer&lt;Trade&gt; Create() => TradeSerializer.Make();
///
///     protected override IReadOnlyList&lt;Trade&gt; Records => [new Trade(), Trade.Parse("7 shares"u8)];
///
///     [Fact]
///     public void Serializer_KeepsItsContract() => CheckAll();
/// }
/// </code></example>
/// <typeparam name="T">The record.</typeparam>
public abstract class SerializerContract<T>
{
    private const int Damages = 2000;   // random changes of bytes

    /// <summary>Records to write: ordinary and extreme ones, at least one.</summary>
    protected abstract IReadOnlyList<T> Records { get; }

    /// <summary>Says which bytes are damaged: the same seed damages the same ones. Default 1.</summary>
    protected virtual int Seed => 1;

    /// <summary>Makes the serializer; every call a new one, as in another run of the program.</summary>
    protected abstract IRecordSerializer<T> Create();

    /// <summary>Whether a record that was read is the one that was written; default by <see cref="EqualityComparer{T}.Default"/>.</summary>
    /// <param name="written">The record that was written.</param>
    /// <param name="read">The record that was read.</param>
    protected virtual bool AreEqual(T written, T read) => EqualityComparer<T>.Default.Equals(written, read);

    /// <summary>Runs all checks, one after the other.</summary>
    /// <exception cref="InvalidOperationException">The serializer breaks its contract; the message says how.</exception>
    public void CheckAll()
    {
        CheckSchema();
        CheckRoundTrip();
        CheckShortened();
        CheckDamaged();
        CheckThreads();
    }

    /// <summary>The schema is some text, and the same in every run of the program.</summary>
    /// <exception cref="InvalidOperationException">The serializer breaks its contract.</exception>
    public void CheckSchema()
    {
        string first = Create().Schema;
        string second = Create().Schema;
        Require(
            !string.IsNullOrWhiteSpace(first), "its schema is blank; what a checkpoint remembers of how records were written is expected");
        Require(first == second, $"its schema is \"{first}\", and \"{second}\" in another instance; the same is expected");
    }

    /// <summary>
    /// Records that were written one behind the other come back as they were, from another instance, which moves on behind each of them.
    /// </summary>
    /// <exception cref="InvalidOperationException">The serializer breaks its contract.</exception>
    public void CheckRoundTrip()
    {
        var ends = new List<int>();
        byte[] bytes = Write(Create(), ends);
        IRecordSerializer<T> serializer = Create();
        ReadOnlySpan<byte> rest = bytes;
        for (int i = 0; i < Records.Count; i++)
        {
            T read = serializer.Read(ref rest);
            Require(AreEqual(Records[i], read), $"record {i} is {read} after reading; {Records[i]} was written");
            Require(
                bytes.Length - rest.Length == ends[i],
                $"{bytes.Length - rest.Length} bytes are read after record {i}; {ends[i]} were written");
        }
    }

    /// <summary>A record whose last bytes are missing is refused by <see cref="InvalidDataException"/>.</summary>
    /// <exception cref="InvalidOperationException">The serializer breaks its contract.</exception>
    public void CheckShortened()
    {
        IRecordSerializer<T> serializer = Create();
        for (int i = 0; i < Records.Count; i++)
        {
            byte[] bytes = Write(serializer, Records[i]);
            for (int length = 0; length < bytes.Length; length++)
            {
                Require(
                    !TryRead(serializer, bytes, length, $"record {i}, shortened to {length} of {bytes.Length} bytes"),
                    $"record {i} is read from {length} of its {bytes.Length} bytes; an InvalidDataException is expected");
            }
        }
    }

    /// <summary>
    /// A record with changed bytes is read as another one, or refused by <see cref="InvalidDataException"/>: nothing else is thrown,
    /// and nothing behind the bytes is read.
    /// </summary>
    /// <exception cref="InvalidOperationException">The serializer breaks its contract.</exception>
    public void CheckDamaged()
    {
        var random = new Random(Seed);
        IRecordSerializer<T> serializer = Create();
        byte[][] written = [.. Records.Select(record => Write(serializer, record)).Where(bytes => bytes.Length > 0)];
        for (int i = 0; i < Damages && written.Length > 0; i++)
        {
            byte[] bytes = Pinned(written[random.Next(written.Length)]);
            for (int changes = random.Next(1, 4); changes > 0; changes--)
            {
                bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            }

            TryRead(serializer, bytes, bytes.Length, $"damaged record {i} of seed {Seed}");
        }
    }

    /// <summary>Several threads write and read at the same time.</summary>
    /// <exception cref="InvalidOperationException">The serializer breaks its contract.</exception>
    public void CheckThreads()
    {
        IRecordSerializer<T> serializer = Create();
        byte[] expected = Write(Create(), []);
        Parallel.For(0, 64, _ =>
        {
            byte[] bytes = Write(serializer, []);
            Require(bytes.AsSpan().SequenceEqual(expected), "another thread wrote other bytes of the same records");
            ReadOnlySpan<byte> rest = bytes;
            foreach (T record in Records)
            {
                T read = serializer.Read(ref rest);
                Require(AreEqual(record, read), $"a record is {read} after reading beside other threads; {record} was written");
            }
        });
    }

    // Texts of what is read lie in the bytes: pinned, as the engine's are.
    private static byte[] Pinned(ReadOnlySpan<byte> bytes)
    {
        byte[] pinned = GC.AllocateUninitializedArray<byte>(bytes.Length, pinned: true);
        bytes.CopyTo(pinned);
        return pinned;
    }

    private static byte[] Write(IRecordSerializer<T> serializer, T record)
    {
        var output = new ArrayBufferWriter<byte>();
        serializer.Write(in record, output);
        return Pinned(output.WrittenSpan);
    }

    private byte[] Write(IRecordSerializer<T> serializer, List<int> ends)
    {
        var output = new ArrayBufferWriter<byte>();
        foreach (T record in Records)
        {
            serializer.Write(in record, output);
            ends.Add(output.WrittenCount);
        }

        return Pinned(output.WrittenSpan);
    }

    private static bool TryRead(IRecordSerializer<T> serializer, byte[] bytes, int length, string what)
    {
        ReadOnlySpan<byte> rest = bytes.AsSpan(0, length);
        try
        {
            _ = serializer.Read(ref rest);
        }
        catch (InvalidDataException)
        {
            return false;
        }
        catch (Exception error)
        {
            throw new InvalidOperationException($"{Breaks}{what} throws {error.GetType().Name}; InvalidDataException is expected.", error);
        }

        return true;
    }

    private const string Breaks = "The serializer breaks its contract: ";

    private static void Require(bool isSo, string otherwise)
    {
        if (!isSo)
        {
            throw new InvalidOperationException($"{Breaks}{otherwise}.");
        }
    }
}
