using FastStream.Tests.Core.Outputs;
using Xunit.Abstractions;

namespace FastStream.Tests.State;

/// <summary>
/// Files of a store that were changed, cut or removed behind its back: a start or a read says so, and nobody gets a
/// wrong state.
/// </summary>
public sealed class FasterDamageTests(ITestOutputHelper output) : IDisposable
{
    private const int Keys = 3000;

    private readonly TemporaryDirectory _directory = new();
    private readonly FasterStateStore _store = new() { SegmentBytes = 1 << 20, LeastGarbageBytes = 256 << 10 };
    private readonly Dictionary<int, byte[]> _model = [];

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData(400)]
    public void File_DamagedSomewhere_IsRefusedOrReadAsItWas(int damages)
    {
        int seed = Random.Shared.Next();
        output.WriteLine($"seed {seed}");
        var random = new Random(seed);
        string whole = Path.Combine(_directory.Path, "whole");
        ReadOnlyMemory<byte> snapshot = Make(whole, random);
        string[] files = [.. Directory.EnumerateFiles(whole).Select(file => Path.GetFileName(file)!).Order(StringComparer.Ordinal)];
        Assert.Contains(files, file => file.StartsWith("index-", StringComparison.Ordinal));
        int refused = 0;
        for (int i = 0; i < damages; i++)
        {
            string copy = Path.Combine(_directory.Path, $"copy{i}");
            Directory.CreateDirectory(copy);
            Array.ForEach(files, file => File.Copy(Path.Combine(whole, file), Path.Combine(copy, file)));
            string what = Damage(Path.Combine(copy, files[random.Next(files.Length)]), random);
            refused += IsRefused(copy, snapshot, what) ? 1 : 0;
            Directory.Delete(copy, recursive: true);
        }

        output.WriteLine($"{refused} of {damages} refused");
        Assert.True(refused > damages / 10, $"only {refused} of {damages} were refused: is anything damaged at all?");
    }

    private ReadOnlyMemory<byte> Make(string directory, Random random)
    {
        Directory.CreateDirectory(directory);
        using KeyedStore store = Open(directory, null);
        ReadOnlyMemory<byte> snapshot = default;
        for (int round = 0; round < 6; round++)
        {
            for (int i = 0; i < Keys; i++)
            {
                byte[] value = new byte[random.Next(300)];
                random.NextBytes(value);
                int key = random.Next(Keys);
                _model[key] = value;
                store.Write(BitConverter.GetBytes(key), value);
            }

            snapshot = store.TakeSnapshot().ToArray();
        }

        store.Retire([snapshot]);
        return snapshot;
    }

    private KeyedStore Open(string directory, ReadOnlyMemory<byte>? snapshot) =>
        _store.Open(new KeyedStoreSettings { Directory = directory, Name = "damaged", MemoryBytes = 1 << 20, Snapshot = snapshot });

    private static string Damage(string file, Random random)
    {
        long length = new FileInfo(file).Length;
        switch (random.Next(10))
        {
            case 0:
                File.Delete(file);
                return $"{file} removed";
            case 1 or 2:
                using (FileStream stream = File.Open(file, FileMode.Open))
                {
                    stream.SetLength(random.NextInt64(length));
                    return $"{file} cut to {stream.Length} of {length}";
                }

            default:
                using (FileStream stream = File.Open(file, FileMode.Open))
                {
                    long at = random.NextInt64(length);
                    stream.Position = at;
                    int bit = 1 << random.Next(8);
                    int value = stream.ReadByte();
                    stream.Position = at;
                    stream.WriteByte((byte)(value ^ bit));
                    return $"{file} byte {at} changed from {value} to {value ^ bit}";
                }
        }
    }

    // Everything is looked at: all keys by their names, then all by a walk.
    private bool IsRefused(string directory, ReadOnlyMemory<byte> snapshot, string what)
    {
        try
        {
            using KeyedStore store = Open(directory, snapshot);
            var keys = new StoredKeys();
            int[] asked = [.. _model.Keys];
            Array.ForEach(asked, key => keys.Add(BitConverter.GetBytes(key)));
            var found = new Dictionary<int, byte[]>();
            store.Read(keys, (index, value) => found.Add(asked[index], value.ToArray()));
            Compare(found, what);
            found.Clear();
            store.ReadAll((key, value) => found.Add(BitConverter.ToInt32(key), value.ToArray()));
            Compare(found, what);
            return false;
        }
        catch (Exception error) when (error is InvalidDataException or IOException)
        {
            Assert.Contains(directory, error.Message, StringComparison.Ordinal);
            return true;
        }
    }

    private void Compare(Dictionary<int, byte[]> found, string what)
    {
        Assert.True(_model.Count == found.Count, $"{found.Count} keys of {_model.Count}: {what}");
        foreach ((int key, byte[] value) in _model)
        {
            Assert.True(value.AsSpan().SequenceEqual(found[key]), $"key {key}: {what}");
        }
    }
}
