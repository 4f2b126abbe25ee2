namespace FastStream.Serialization;

/// <summary>Compares the schema of a checkpoint with the program's.</summary>
internal static class SchemaMatch
{
    private const string EnumMark = " enum ";

    /// <summary>Says why records with one schema cannot be read with another; null if they can.</summary>
    /// <remarks>
    /// Enums may have more members than before; the old members must keep their names and numbers. A checkpoint of a
    /// version that wrote no names fits.
    /// </remarks>
    public static string? Difference(string saved, string program)
    {
        if (saved == program)
        {
            return null;
        }

        (string savedBase, Dictionary<string, string[]> savedEnums) = Split(saved);
        (string programBase, Dictionary<string, string[]> programEnums) = Split(program);
        if (savedBase != programBase)
        {
            return $"it was written as \"{saved}\", and the program reads \"{program}\"";
        }

        foreach ((string name, string[] members) in savedEnums)
        {
            if (!programEnums.TryGetValue(name, out string[]? now))
            {
                return $"it was written with the enum {name}, and the program has none of that name in it";
            }

            string[] gone = [.. members.Except(now)];
            if (gone.Length > 0)
            {
                return $"the enum {name} was written with {string.Join(", ", gone)}, and the program has {string.Join(", ", now)}. Members "
                    + "keep their numbers and names; new ones come with new numbers, a new name for an old number stands beside the old";
            }
        }

        return null;
    }

    private static (string Base, Dictionary<string, string[]> Enums) Split(string schema)
    {
        var enums = new Dictionary<string, string[]>();
        for (int start = 0; (start = schema.IndexOf(EnumMark, start, StringComparison.Ordinal)) >= 0;)
        {
            int open = schema.IndexOf('(', start);
            int end = open < 0 ? -1 : schema.IndexOf(')', open);
            if (end < 0)
            {
                break;
            }

            enums[schema[(start + EnumMark.Length)..open]] = schema[(open + 1)..end].Split(' ', StringSplitOptions.RemoveEmptyEntries);
            schema = schema.Remove(start, end + 1 - start);
        }

        return (schema, enums);
    }
}
