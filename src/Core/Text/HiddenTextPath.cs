namespace FastStream.Runtime;

/// <summary>Finds the fields that lead from an object to memory of a batch, for error messages.</summary>
internal static class HiddenTextPath
{
    /// <summary>
    /// A description such as <c>Order.Note (Login).User is a Utf8Text</c>, with the type of a field's value in
    /// brackets; null if the object leads to none.
    /// </summary>
    public static string? To(object root)
    {
        var seen = new HashSet<object>(ReferenceEqualityComparer.Instance);
        var open = new Queue<(object Value, string Path)>([(root, "")]);
        while (open.TryDequeue(out (object Value, string Path) each))
        {
            if (!seen.Add(each.Value))
            {
                continue;
            }

            ObjectContents contents = ObjectContents.Of(each.Value);
            string name = NameOf(contents.Type);
            string path = each.Path.Length == 0 ? name : $"{each.Path} ({name})";
            if (contents.IsText(each.Value))
            {
                return contents.Type.IsArray
                    ? $"{path} holds a {NameOf(ObjectParts.TextIn(contents.Type.GetElementType()!)!)}"
                    : $"{(each.Path.Length == 0 ? "it" : each.Path)} is a {name}";
            }

            foreach ((string part, object value) in contents.NamedParts(each.Value))
            {
                open.Enqueue((value, path + part));
            }
        }

        return null;
    }

    // As in a program's source, without namespaces.
    private static string NameOf(Type type)
    {
        if (type.IsArray)
        {
            return NameOf(type.GetElementType()!) + "[]";
        }

        string name = type.Name.Split('`')[0];
        return type.IsGenericType ? $"{name}<{string.Join(", ", type.GetGenericArguments().Select(NameOf))}>" : name;
    }
}
