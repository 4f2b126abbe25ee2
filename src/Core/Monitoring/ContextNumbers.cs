namespace FastStream;

/// <summary>
/// Numbers that distinguish contexts of one name in metrics: the lowest number that no other living context of the name
/// has, so that a program which creates many contexts in succession has few series.
/// </summary>
/// <remarks>One set for the whole process. Safe from any thread.</remarks>
internal static class ContextNumbers
{
    private static readonly Lock _lock = new();                                                               // guards _taken
    private static readonly Dictionary<string, SortedSet<int>> _taken = new(StringComparer.Ordinal);   // by the contexts' name

    /// <summary>Takes a number, from 1; <see cref="Return"/> must follow.</summary>
    public static int Take(string name)
    {
        lock (_lock)
        {
            if (!_taken.TryGetValue(name, out SortedSet<int>? taken))
            {
                _taken.Add(name, taken = []);
            }

            int number = 1;
            while (!taken.Add(number))
            {
                number++;
            }

            return number;
        }
    }

    public static void Return(string name, int number)
    {
        lock (_lock)
        {
            if (_taken.TryGetValue(name, out SortedSet<int>? taken) && taken.Remove(number) && taken.Count == 0)
            {
                _taken.Remove(name);
            }
        }
    }
}
