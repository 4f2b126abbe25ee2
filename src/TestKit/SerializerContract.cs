using System.Buffers;

namespace FastStream.Testing;

/// <summary>
/// The contract of every <see cref="IRecordSerializer{T}"/>. Derive from it, and call <see cref="CheckAll"/> or single
/// checks in tests.
/// </summary>
/// <remarks>
/// A failing check throws <see cref="InvalidOperationException"/> with what was found and what is expected. FastStream
/// checks its own serializers with it.
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
    private const int Damages = 2000;   // number of random byte changes

    /// <summary>Records to write, at least one: include ordinary and extreme ones.</summary>
    protected abstract IReadOnlyList<T> Records { get; }

    /// <summary>Chooses which bytes are damaged: the same seed damages the same ones. Default 1.</summary>
    protected virtual int Seed => 1;

    /// <summary>Makes the serializer: a new one at each call, as in another run of the program.</summary>
    protected abstract IRecordSerializer<T> Create();

    /// <summary>
    /// Whether the record read equals the one written; by default decided by <see cref="EqualityComparer{T}.Default"/>.
    /// </summary>
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

    /// <summary>Checks that the schema is not blank, and is the same in every run of the program.</summary>
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
    /// Checks that another instance reads records written one behind the other as they were, and advances past each of
    /// them.
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

    /// <summary>
    /// Checks that a record whose last bytes are missing is refused with <see cref="InvalidDataException"/>.
    /// </summary>
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
    /// Checks that a record with changed bytes is read as another one, or refused with
    /// <see cref="InvalidDataException"/>: nothing else is thrown, and nothing behind the bytes is read.
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

    /// <summary>Checks that several threads can write and read at the same time.</summary>
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

    // Texts of the records read point into the bytes: these are pinned, as the engine's are.
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
