namespace FastStream.Testing;

/// <summary>
/// The contract of every <see cref="StateStore"/>: checked by random operations compared with a dictionary, with
/// snapshots, restarts and retired snapshots.
/// </summary>
/// <remarks>
/// For the author of a store: call <see cref="Check"/> in a test with some seeds. FastStream checks its own stores with
/// it.
/// </remarks>
public static class KeyedStoreContract
{
    /// <summary>Runs random operations on a store and compares all its results with a dictionary.</summary>
    /// <param name="store">The store.</param>
    /// <param name="directory">An empty directory.</param>
    /// <param name="seed">Chooses the operations: the same seed makes the same ones.</param>
    /// <param name="steps">Number of rounds of operations.</param>
    /// <param name="memoryBytes">The memory that the store may take.</param>
    /// <exception cref="InvalidOperationException">The store breaks its contract; the message says how.</exception>
    public static void Check(StateStore store, string directory, int seed, int steps = 40, long memoryBytes = 1 << 20)
    {
        ArgumentNullException.ThrowIfNull(store);
        var run = new Run(store, directory, new Random(seed), memoryBytes);
        for (int step = 0; step < steps; step++)
        {
            run.Step();
        }

        run.Close();
    }

    private sealed class Run(StateStore store, string directory, Random random, long memoryBytes)
    {
        private readonly List<(ReadOnlyMemory<byte> Snapshot, Dictionary<string, string> Model)> _snapshots = [];
        private Dictionary<string, string> _model = [];
        private KeyedStore? _open;

        public void Step()
        {
            _open ??= Open(null);
            switch (random.Next(10))
            {
                case 0 when _snapshots.Count > 0:
                    Restart();
                    break;
                case 1 or 2:
                    TakeSnapshot();
                    break;
                case 3 when _snapshots.Count > 1:
                    _snapshots.RemoveRange(0, _snapshots.Count - 1);
                    _open.Retire([_snapshots[^1].Snapshot]);
                    break;
                case 4:
                    CheckAll();
                    break;
                default:
                    Change();
                    break;
            }

            CheckSome();
        }

        public void Close()
        {
            CheckAll();
            _open?.Dispose();
        }

        private KeyedStore Open(ReadOnlyMemory<byte>? snapshot) =>
            store.Open(new KeyedStoreSettings { Directory = directory, Name = "contract", MemoryBytes = memoryBytes, Snapshot = snapshot });

        // The partition's thread continues to read meanwhile.
        private void TakeSnapshot()
        {
            KeyedStore open = _open!;
            Task<ReadOnlyMemory<byte>> snapshot = Task.Run(() => open.TakeSnapshot());
            do
            {
                CheckSome();
            }
            while (!snapshot.IsCompleted);
            _snapshots.Add((snapshot.GetAwaiter().GetResult().ToArray(), new Dictionary<string, string>(_model)));
        }

        // Restarts from the newest snapshot or from an older one, which makes the newer ones void.
        private void Restart()
        {
            _open!.Dispose();
            int to = random.Next(_snapshots.Count);
            _snapshots.RemoveRange(to + 1, _snapshots.Count - to - 1);
            _model = new Dictionary<string, string>(_snapshots[to].Model);
            _open = Open(_snapshots[to].Snapshot);
            CheckAll();
        }

        private void Change()
        {
            for (int left = random.Next(1, 3000); left > 0; left--)
            {
                string key = KeyOf(random.Next(5000));
                if (random.Next(4) == 0)
                {
                    _model.Remove(key);
                    _open!.Delete(Bytes(key));
                }
                else
                {
                    _model[key] = new string((char)('a' + random.Next(26)), random.Next(random.Next(50) == 0 ? 2000 : 40));
                    _open!.Write(Bytes(key), Bytes(_model[key]));
                }
            }
        }

        private void CheckSome()
        {
            var keys = new StoredKeys();
            string[] asked = [.. Enumerable.Range(0, random.Next(1, 600)).Select(_ => KeyOf(random.Next(6000))).Distinct()];
            foreach (string key in asked)
            {
                keys.Add(Bytes(key));
            }

            var found = new Dictionary<string, string>();
            _open!.Read(keys, (index, value) => ThrowIf(!found.TryAdd(asked[index], Text(value)), $"{asked[index]} was given twice"));
            foreach (string key in asked)
            {
                Compare(key, _model.GetValueOrDefault(key), found.GetValueOrDefault(key));
            }
        }

        private void CheckAll()
        {
            var found = new Dictionary<string, string>();
            _open!.ReadAll((key, value) => ThrowIf(!found.TryAdd(Text(key), Text(value)), $"{Text(key)} came twice in a walk"));
            foreach (string key in _model.Keys.Union(found.Keys))
            {
                Compare(key, _model.GetValueOrDefault(key), found.GetValueOrDefault(key));
            }
        }

        // Some keys are prefixes of others, and one is empty.
        private static string KeyOf(int number) => number == 0 ? "" : new string('k', number % 40) + number;

        private static void Compare(string key, string? expected, string? found) =>
            ThrowIf(expected != found,
                $"\"{key}\" has {(found is null ? "nothing" : $"\"{found}\"")}; "
                + $"{(expected is null ? "nothing" : $"\"{expected}\"")} is expected");

        private static void ThrowIf(bool isWrong, string what)
        {
            if (isWrong)
            {
                throw new InvalidOperationException($"The store breaks its contract: {what}.");
            }
        }

        private static byte[] Bytes(string text) => System.Text.Encoding.UTF8.GetBytes(text);

        private static string Text(ReadOnlySpan<byte> bytes) => System.Text.Encoding.UTF8.GetString(bytes);
    }
}
