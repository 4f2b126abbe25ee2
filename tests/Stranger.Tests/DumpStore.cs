using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using FastStream;

namespace Acme;

/// <summary>A place for states: a dictionary, dumped into a file for each snapshot.</summary>
internal sealed class DumpStore : StateStore
{
    public override string Kind => "acme-dump";

    public override KeyedStore Open(KeyedStoreSettings settings)
    {
        ArgumentNullException.ThrowIfNull(settings);
        return new Dump(settings);
    }

    private sealed class Dump : KeyedStore
    {
        // by the key's bytes, a character each
        private readonly ConcurrentDictionary<string, byte[]> _values = new(StringComparer.Ordinal);
        private readonly string _directory;
        private int _number;

        public Dump(KeyedStoreSettings settings)
        {
            _directory = settings.Directory;
            if (settings.Snapshot is not { } snapshot)
            {
                return;
            }

            _number = int.Parse(Encoding.ASCII.GetString(snapshot.Span), CultureInfo.InvariantCulture);
            string path = PathOf(_number);
            if (!File.Exists(path))
            {
                throw new InvalidDataException($"{path} is gone.");
            }

            using var reader = new BinaryReader(File.OpenRead(path));
            for (int left = reader.ReadInt32(); left > 0; left--)
            {
                _values[Encoding.Latin1.GetString(reader.ReadBytes(reader.ReadInt32()))] = reader.ReadBytes(reader.ReadInt32());
            }

            // Snapshots of a run that nobody goes on from.
            Remove(number => number > _number);
        }

        public override void Read(StoredKeys keys, StoredValueReader found)
        {
            for (int i = 0; i < keys.Count; i++)
            {
                if (_values.TryGetValue(Encoding.Latin1.GetString(keys[i]), out byte[]? value))
                {
                    found(i, value);
                }
            }
        }

        public override void Write(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value) =>
            _values[Encoding.Latin1.GetString(key)] = value.ToArray();

        public override void Delete(ReadOnlySpan<byte> key) => _values.TryRemove(Encoding.Latin1.GetString(key), out _);

        public override void ReadAll(StoredPairReader pair)
        {
            foreach ((string key, byte[] value) in _values)
            {
                pair(Encoding.Latin1.GetBytes(key), value);
            }
        }

        public override ReadOnlyMemory<byte> TakeSnapshot()
        {
            KeyValuePair<string, byte[]>[] values = [.. _values];
            using (FileStream file = File.Create(PathOf(++_number)))
            {
                using (var writer = new BinaryWriter(file, Encoding.UTF8, leaveOpen: true))
                {
                    writer.Write(values.Length);
                    foreach ((string key, byte[] value) in values)
                    {
                        writer.Write(key.Length);
                        writer.Write(Encoding.Latin1.GetBytes(key));
                        writer.Write(value.Length);
                        writer.Write(value);
                    }
                }

                DurableFile.Flush(file.SafeFileHandle, file.Name);
            }

            DurableFile.FlushDirectory(_directory);
            return Encoding.ASCII.GetBytes(_number.ToString(CultureInfo.InvariantCulture));
        }

        public override void Retire(IReadOnlyList<ReadOnlyMemory<byte>> kept)
        {
            HashSet<int> numbers = [
                .. kept.Select(snapshot => int.Parse(Encoding.ASCII.GetString(snapshot.Span), CultureInfo.InvariantCulture))];
            Remove(number => !numbers.Contains(number));
        }

        public override void Dispose()
        {
        }

        private void Remove(Func<int, bool> isGone)
        {
            foreach (string path in Directory.GetFiles(_directory))
            {
                if (isGone(int.Parse(Path.GetFileName(path), CultureInfo.InvariantCulture)))
                {
                    File.Delete(path);
                }
            }
        }

        private string PathOf(int number) => Path.Combine(_directory, number.ToString(CultureInfo.InvariantCulture));
    }
}

public sealed class DumpStoreTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("acme-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void DumpStore_RandomSteps_KeepsTheContract(int seed) => KeyedStoreContract.Check(new DumpStore(), _directory, seed);

    [Fact]
    public async Task DumpStore_BehindAState_StartedAgainWithOtherPartitions_GoesOn()
    {
        string[] words = [.. Enumerable.Range(0, 500).Select(i => $"word {i}")];
        for (int run = 0; run < 3; run++)
        {
            await using var scenario = new StreamScenario(new StreamTestOptions
            {
                Partitions = run + 1,
                StartTime = DateTimeOffset.UnixEpoch.AddSeconds(2 * run),
                Configure = options => options with
                {
                    Checkpoint = new CheckpointOptions
                        { Directory = Path.Combine(_directory, "state"), Interval = TimeSpan.FromSeconds(1) },
                    State = new StateOptions { Store = new DumpStore() },
                },
            });
            RecordedOutput<(string Key, int Value)> counts = scenario.Output(scenario.Input([words, words]).KeyBy(word => word)
                .UpdateStateByKey((ReadOnlySpan<string> values, Optional<int> state) => state.GetValueOrDefault() + values.Length));
            await scenario.RunBatchesAsync(2);
            Assert.Empty(scenario.Failures);
            Assert.Equal(words.ToDictionary(word => word, _ => 2 * (run + 1)),
                counts.Batches[^1]!.ToDictionary(pair => pair.Key, pair => pair.Value));
        }
    }
}
